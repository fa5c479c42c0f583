"use strict";
/* The button above the list of bank lines says how many matches are ticked. */
(() => {
  const button = document.querySelector("button[data-ticked]");
  if (!button) return;
  const told = button.querySelector("span");
  document.addEventListener("change", (event) => {
    if (!event.target.matches("input[name=pick]")) return;
    const ticked = document.querySelectorAll("input[name=pick]:checked").length;
    told.textContent = button.dataset.ticked.replace("{num}", ticked);
  });
})();
