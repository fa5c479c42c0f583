"use strict";
/* Help on the form of a payment method: what its kind rules out cannot be ticked. The server refuses
   it anyway. */
(() => {
  const form = document.querySelector("[data-method-form]");
  if (!form) return;
  const box = (name) => form.querySelector(`input[type=checkbox][name=${name}]`);
  const rule = (field, allowed) => {
    field.disabled = !allowed;
    if (!allowed) field.checked = false;
  };
  const follow = () => {
    const kind = form.elements.kind.value;
    rule(box("manual_prohibited"), kind !== "cash");
    rule(box("from_outside"), kind === "cash" || kind === "bank");
    const outside = box("from_outside").checked;
    form.querySelectorAll("input[name=paying]").forEach((each) => {
      if (!outside && each.value === "on_site") each.checked = true;
      each.disabled = !outside;
    });
    const onSite = form.querySelector("input[name=paying][value=on_site]").checked;
    rule(box("for_guests"), kind === "bank" && outside && !onSite && !box("is_refund").checked);
    const named = form.querySelector("input[name=whom][value=named]").checked;
    form.querySelectorAll("input[name='partners[]']").forEach((each) => rule(each, named));
  };
  form.addEventListener("change", follow);
  follow();
})();
