"use strict";
/* The live preview of a form: what is wrong is also told to assistive technology, buttons fill in an
   amount, and the old preview is dimmed while a new one is made. Without this the form works too. */
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("a[data-amount]");
    const field = button && document.querySelector("#f-amount");
    if (!field || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    field.value = button.dataset.amount;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  const mark = () => {
    for (const told of document.querySelectorAll("[data-wrong-of]")) {
      const field = document.getElementById(told.dataset.wrongOf);
      if (!field || !field.matches("input, select, textarea")) continue;
      if (told.textContent.trim()) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  };
  const dim = (on) => {
    const preview = document.querySelector("#preview");
    if (preview) preview.toggleAttribute("aria-busy", on);
  };
  document.addEventListener("htmx:before:request", () => dim(true));
  document.addEventListener("htmx:finally:request", () => dim(false));
  document.addEventListener("htmx:after:swap", mark);
})();
