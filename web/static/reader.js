// What a letter's page has besides: it prints, and what was found comes into sight.
"use strict";
(() => {
  document.querySelectorAll("[data-print]").forEach((b) => b.addEventListener("click", () => print()));
  const hit = document.getElementById("hit"); // Chromium does not scroll to it by its name alone
  if (hit) hit.scrollIntoView({block: "center", inline: "center"});
  document.querySelectorAll("[data-needs]").forEach((b) => b.addEventListener("click", (e) => {
    const field = document.getElementById(b.dataset.needs);
    if (field.value.trim()) return;
    e.preventDefault();
    field.focus();
  }));
})();
