// The desk's script. Every page works without it. With it a page hears of changes
// (hx-trigger="live"), the cursor goes where it is wanted (data-focus), and keys press
// what they name (data-key).
"use strict";
(() => {
  const ready = (part) => { const at = part.querySelector("[data-focus]"); if (at) at.focus(); };
  ready(document);

  // Only a page that shows something live asks; others would keep a line open for nothing.
  const path = document.body.dataset.live;
  if (path && document.querySelector("[hx-trigger~='live']")) {
    const source = new EventSource(path);
    source.addEventListener("changed", () => document.querySelectorAll("[hx-trigger~='live']").forEach((e) => htmx.trigger(e, "live")));
    addEventListener("pagehide", () => source.close());
  }

  // Keys of one character work only while the station has the focus and no field is
  // written in; with Alt they work in a field too (WCAG 2.1.4).
  const station = document.querySelector("[data-keys]");
  if (!station) return;
  const writing = (e) => e.matches("input:not([type=hidden]), textarea, select");
  const named = (e) => {
    if (/^(Key[A-Z]|Digit[0-9])$/.test(e.code) && e.altKey) return e.code.slice(-1).toLowerCase();
    return e.key;
  };
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.isComposing || e.defaultPrevented) return;
    const inField = writing(e.target);
    if (e.key === "Escape") { inField ? station.focus() : document.getElementById("reference")?.focus(); e.preventDefault(); return; }
    const key = named(e);
    if (key.length === 1 && inField && !e.altKey) return;
    const what = [...station.querySelectorAll("[data-key]")].find((b) => b.dataset.key === key && !b.disabled);
    if (!what) return;
    e.preventDefault();
    what.click();
    if (what.matches("summary")) { what.parentElement.open = true; what.parentElement.querySelector("input:not([type=hidden])")?.focus(); }
  });

  // Zoom.
  const view = station.querySelector("[data-view]");
  let level = 0;
  station.querySelectorAll("[data-zoom]").forEach((b) => b.addEventListener("click", () => {
    const by = Number(b.dataset.zoom);
    view.classList.remove("zoom-" + level);
    level = by === 0 ? 0 : Math.min(3, Math.max(0, level + by));
    view.classList.toggle("zoomed", level > 0);
    if (level > 0) view.classList.add("zoom-" + level);
    const img = view.querySelector("img"); // a larger picture has more to see
    if (img && level > 0 && img.src.endsWith("/screen")) img.src = img.src.replace(/screen$/, "full");
  }));

  // Who works at it keeps it: the lease is asked for again while the page is seen.
  const hold = station.dataset.hold;
  if (hold) setInterval(() => { if (!document.hidden) fetch(hold, {method: "POST"}); }, 60000);
})();
