"use strict";
/* The desk works without any of this: forms post, links lead. Here are keys, dialogs, and the care
   that a button pressed twice sends once. */
(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* --- forms: sent once ---------------------------------------------------------------------- */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    all("button:not([type=button])", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  // The back button shows the page as it was left, its forms sent.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  /* --- dialogs: a link with data-dialog opens its page in one --------------------------------- */
  let opener = null;
  const dialog = find("#dialog");
  const open = (html) => {
    dialog.innerHTML = html;
    if (window.htmx) window.htmx.process(dialog);
    const title = find("#dialog-title", dialog);
    if (title) dialog.setAttribute("aria-labelledby", title.id);
    dialog.setAttribute("role", find("[data-alert]", dialog) ? "alertdialog" : "dialog");
    if (!dialog.open) dialog.showModal();
    // What is wrong comes first, then what is safe.
    const first = find("[aria-invalid=true]", dialog) || find("[autofocus], [data-safe]", dialog)
      || find("input:not([type=hidden]), textarea, select, button", dialog);
    if (first) first.focus();
  };
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || !dialog) return;
    event.preventDefault();
    opener = link;
    const answer = await fetch(link.href, { headers: { "HX-Request": "true", "X-Dialog": "true", "HX-Current-URL": location.href } });
    const there = answer.headers.get("HX-Redirect");
    if (there) { location.assign(there); return; }
    open(await answer.text());
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) { event.preventDefault(); dialog.close(); }
  });
  if (dialog) {
    dialog.addEventListener("close", () => { dialog.innerHTML = ""; if (opener) opener.focus(); });
    // A form in a dialog that is refused is shown again in the dialog.
    dialog.addEventListener("submit", async (event) => {
      const form = event.target;
      if (form.method !== "post") return;
      event.preventDefault();
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form, event.submitter),
        headers: { "HX-Request": "true", "X-Dialog": "true", "HX-Current-URL": location.href },
      });
      const there = answer.headers.get("HX-Redirect");
      if (there) {
        // The same page with another anchor would not be loaded anew.
        const to = new URL(there, location.href);
        if (to.pathname === location.pathname && to.search === location.search) {
          location.hash = to.hash;
          location.reload();
        } else { location.assign(there); }
        return;
      }
      open(await answer.text());
    });
  }

  /* --- keys ----------------------------------------------------------------------------------- */
  const go = { t: "/desk/", b: "/desk/bookings", p: "/desk/payments" };
  let waitsForG = false;
  const writing = (target) => target.closest("input, textarea, select, [contenteditable]");
  const move = (step) => {
    const rows = all("a.dk-row-link");
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
  };
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && target.form) {
      target.form.requestSubmit();
      return;
    }
    // Esc leaves a field first, then the page, for where its link "Back" leads.
    const back = find("a[data-back]");
    if (event.key === "Escape" && back && !find("dialog[open]") && !target.closest("details[data-pop][open]")) {
      if (writing(target)) target.blur(); else back.click();
      return;
    }
    if (!("keys" in document.body.dataset)) return;
    if (writing(target) || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (waitsForG) {
      waitsForG = false;
      if (go[key]) { event.preventDefault(); location.assign(go[key]); }
      return;
    }
    const acts = {
      "/": () => find("#search").focus(),
      "g": () => { waitsForG = true; setTimeout(() => { waitsForG = false; }, 1500); },
      "j": () => move(1),
      "k": () => move(-1),
      "r": () => { const there = find("[data-key=r]"); if (there) there.click(); },
      "t": () => { const there = find("[data-key=t]"); if (there) there.click(); },
      "?": () => find("#keys").showModal(),
    };
    if (acts[key]) { event.preventDefault(); acts[key](); }
  });

  /* --- menus: a details[data-pop] opens on its first control, Esc and a click outside close it - */
  document.addEventListener("toggle", (event) => {
    if (!event.target.open || !event.target.matches("details[data-pop]")) return;
    const first = find("select, a, button", event.target);
    if (first) first.focus();
  }, true);
  const close = (menu, back) => { menu.open = false; if (back) find("summary", menu).focus(); };
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target instanceof Element && event.target.closest("details[data-pop][open]");
    if (menu) close(menu, true);
  });
  document.addEventListener("click", (event) => {
    all("details[data-pop][open]").forEach((menu) => { if (!menu.contains(event.target)) close(menu, false); });
  });

  /* --- previews: what they find wrong is told at the fields ------------------------------------- */
  document.addEventListener("htmx:after:swap", () => all("[data-wrong-of]").forEach((told) => {
    const field = document.getElementById(told.dataset.wrongOf);
    if (field) field.setAttribute("aria-invalid", String(told.childElementCount > 0));
  }));

  /* --- after loading -------------------------------------------------------------------------- */
  document.addEventListener("DOMContentLoaded", () => {
    const wrong = find("[data-focus]");
    if (wrong) wrong.focus();
    setTimeout(() => all(".dk-undo").forEach((undo) => undo.remove()), 10000);
    all("form[data-filter] select").forEach((select) =>
      select.addEventListener("change", () => select.form.requestSubmit()));
  });
})();
