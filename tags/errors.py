"""What the list of tags refuses."""

from __future__ import annotations

from kit.errors import PageError
from staff.errors import NotAllowed


class TagError(PageError):
    """Base of what is refused about tags."""


class NoSuchTag(TagError):
    code = "no_such_tag"

    def __init__(self, tag_id: int) -> None:
        super().__init__(f"There is no tag {tag_id}.")


class TagNameTaken(TagError):
    code = "tag_name_taken"
    field = "name"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a tag “{name}” already.")


class TagInUse(TagError):
    """Bookings carry it, or the system gives it a meaning (product section 6)."""

    code = "tag_in_use"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"“{name}” cannot be deleted: {why}.")


class TagsAreForAll(NotAllowed):
    """A tag stands on bookings of all locations; whoever is limited to some changes none."""

    code = "tags_are_for_all"

    def __init__(self) -> None:
        self.permission = "tags"
        PageError.__init__(
            self,
            "Tags are the same for all locations, and you work at some of them: you can put tags "
            "on bookings, but not change the list for everybody.",
        )
