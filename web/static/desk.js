// The desk's script. Every page works without it. With it a page hears of changes
// (hx-trigger="live"), the cursor goes where it is wanted (data-focus), and at the
// exception station keys press what they name (data-key).
"use strict";
(() => {
  // The cursor goes to what is wrong, if a field is, else to where the page wants it.
  const ready = () => {
    const wrong = document.querySelector("[aria-invalid=true]");
    const at = wrong || document.querySelector(".problem[data-focus]") || document.querySelector("[data-focus]");
    // What is a whole page stays where it begins; so does a narrow one, which begins with the letter.
    const stays = at?.matches("[data-keys]") || !wrong && at?.id === "reference" && matchMedia("(max-width: 39.99rem)").matches;
    at?.focus({preventScroll: stays});
    wrong?.select?.();
  };

  // No letter stays on the screen when its reader's session is over. Who types or clicks is
  // there, which the server is told; a page that only asks keeps no session.
  const {live, page} = document.body.dataset;
  const ending = document.getElementById("ending");
  let used = false;
  const ask = async () => {
    const headers = used ? {} : {"Postroom-Poll": "1"};
    used = false;
    const got = await fetch(live, {method: "HEAD", redirect: "manual", headers}).catch(() => null);
    if (got?.type === "opaqueredirect") location.replace(page);
    else if (got) ending.hidden = !got.headers.has("Postroom-Ending");
  };
  if (live) {
    const use = () => { used = true; if (!ending.hidden) ask(); };
    addEventListener("keydown", use);
    addEventListener("pointerdown", use);
    addEventListener("pageshow", (e) => { if (e.persisted) ask(); });
    setInterval(ask, 20000);
  }

  // Only a page that shows something live listens; others would keep a line open for nothing.
  if (live && document.querySelector("[hx-trigger~='live']")) {
    const source = new EventSource(live);
    source.addEventListener("changed", () => document.querySelectorAll("[hx-trigger~='live']").forEach((e) => htmx.trigger(e, "live")));
    source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) ask(); });
    addEventListener("pagehide", () => source.close());
  }

  // What is pasted and does not fit is cut by the browser, without a word.
  const cut = document.getElementById("cut");
  addEventListener("paste", (e) => {
    const f = e.target, text = e.clipboardData?.getData("text") ?? "";
    if (!cut || !(f.maxLength > 0)) return;
    cut.hidden = f.value.length - (f.selectionEnd - f.selectionStart) + text.length <= f.maxLength;
    (f.closest(".row") ?? f).after(cut);
  });

  // What answers what is typed can't be reached: an old answer would be taken for this one's.
  document.addEventListener("htmx:error", (e) => {
    const to = document.getElementById("lookup");
    if (to && e.target.id === "reference") to.textContent = to.dataset.away;
  });

  const station = document.querySelector("[data-keys]");
  if (!station) return ready();
  const field = () => document.getElementById("reference");

  // Keys of one character are commands for who has left the field with Escape, on the next
  // document too, until going back to it; and where there is no field. For anybody else
  // they are text, which goes to the field, wherever the focus is.
  const byKeys = (is) => { is && field() ? sessionStorage.setItem("keys", "1") : sessionStorage.removeItem("keys"); };
  const commands = () => !field() || sessionStorage.getItem("keys") !== null;
  field()?.addEventListener("focus", () => byKeys(false));
  if (commands() && field() && !station.querySelector(".problem")) station.focus({preventScroll: true});
  else ready();
  const shown = (e) => e && !e.disabled && !e.closest("[hidden]");
  const find = (key) => [...station.querySelectorAll("[data-key]")].find((b) => b.dataset.key === key && shown(b));

  // A form is sent once: a second press would meet the next document.
  let sent = false;
  station.addEventListener("submit", (e) => { if (sent) e.preventDefault(); else if (e.target.method === "post") sent = true; });
  addEventListener("pageshow", () => { sent = false; });

  // With Alt commands work in a field too (WCAG 2.1.4). A digit is one wherever
  // the keyboard has it, for French ones have it behind Shift; "-" stays what it says.
  const writing = (e) => e.matches("input:not([type=hidden]), textarea, select");
  const named = (e) => {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(e.code);
    if (digit && !"+-?".includes(e.key)) return digit[1];
    const letter = /^Key([A-Z])$/.exec(e.code); // Alt makes other characters of letters on some
    if (e.altKey && letter && !/^[a-z]$/i.test(e.key)) return letter[1].toLowerCase();
    return e.key.length === 1 ? e.key.toLowerCase() : e.key;
  };
  const repeats = ["PageUp", "PageDown", "+", "-"];
  const press = (what) => {
    what.focus({preventScroll: true});
    if (what.matches("input")) { what.select(); return; }
    if (!what.matches("summary")) { what.click(); return; }
    const details = what.parentElement, was = details.open;
    details.open = details.matches(".act") || !was;
    if (details.open) (details.querySelector("input:not([type=hidden])") || what).focus();
    else station.focus();
  };
  const escape = (at) => {
    const open = at.closest("details.act") || station.querySelector("details.help[open]");
    if (open && open.open) { open.open = false; station.focus(); byKeys(true); return; }
    if (writing(at) || !commands()) { station.focus(); byKeys(true); } else field()?.focus();
  };
  // A candidate's key lays its reference before the eyes; Enter files it.
  const choose = (candidate) => {
    const to = field(), was = commands();
    to.value = candidate.value;
    to.focus();
    byKeys(was);
    to.dispatchEvent(new Event("input", {bubbles: true}));
  };

  // Whoever types a reference where keys are commands must not cut a letter to pieces: keys
  // that follow each other so closely are typing, and none of them is done. So a command that
  // changes something waits for that long whether another key comes, and a page that has
  // just opened does none: what was meant for the one before may still be on its way.
  const said = document.getElementById("said");
  const apart = said ? 400 : 0; // ms; no letter is changed but at the station
  const harmless = "+-fegan?";
  const tell = (what) => { if (said) said.textContent = said.dataset[what] ?? ""; };
  const off = (key) => station.querySelector(`[data-key="${CSS.escape(key)}"]:disabled`);
  const refuse = (key) => { // a button that can't be pressed has the reason as its title
    if (said) said.textContent = off(key)?.title || said.dataset.cannot;
  };
  let opened = performance.now(), last = {key: "", at: opened}, waits = 0;
  addEventListener("pageshow", (e) => { if (e.persisted) last = {key: "", at: opened = performance.now()}; });
  const typed = (e, key) => { // the same key again is no text, unless it is within one
    const {key: before, at, text} = last, close = e.timeStamp - at < apart;
    const is = close && (before ? text || before !== e.key : !harmless.includes(key));
    last = {key: e.key, at: e.timeStamp, text: is};
    return is;
  };
  const giveUp = () => {
    if (waits) tell("typed");
    clearTimeout(waits);
    waits = 0;
  };
  addEventListener("pointerdown", giveUp);
  const perform = (what) => {
    const from = document.activeElement;
    press(what);
    if (what.dataset.turn !== undefined || what.dataset.zoom !== undefined || what.dataset.evidence !== undefined) from?.focus({preventScroll: true});
  };
  const afterAll = (key) => { // a page may have been turned to meanwhile
    waits = 0;
    const what = find(key);
    if (what && !busy && !sent) perform(what); else refuse(key);
  };
  const early = (e) => e.timeStamp - (writing(e.target) ? opened : last.at) < apart;

  document.addEventListener("keydown", (e) => {
    active = true;
    const gaveUp = waits && !e.repeat;
    if (gaveUp) giveUp();
    if (e.ctrlKey || e.metaKey || e.isComposing || e.defaultPrevented || !station.contains(e.target)) return;
    if (e.key === "Escape") { escape(e.target); e.preventDefault(); return; }
    if (e.key === "Enter" && (e.repeat || early(e))) { e.preventDefault(); return; } // held down, it would file the next one
    if (/^Arrow(Up|Down)$/.test(e.key) && e.target === station) { view()?.scrollBy(0, e.key === "ArrowUp" ? -80 : 80); e.preventDefault(); return; }
    const key = named(e), plain = e.key.length === 1 && !e.altKey;
    if (plain && writing(e.target)) return;
    if (plain && !commands()) { if (key !== " ") field().focus(); return; }
    if (plain && !e.repeat && typed(e, key)) { tell("typed"); e.preventDefault(); return; }
    const what = find(key);
    if (!gaveUp) tell();
    if (!what) { // what can't be done is said; Alt and a digit change tabs in some browsers
      if (e.altKey && /^[1-9]$/.test(key)) e.preventDefault();
      if (off(key)) refuse(key);
      return;
    }
    e.preventDefault();
    if (sent || e.repeat && (busy || !repeats.includes(key))) return;
    if (what.name === "reference") choose(what);
    else if (key.length > 1 || harmless.includes(key)) perform(what);
    else if (plain && apart) waits = setTimeout(() => afterAll(key), apart);
    else if (!busy) perform(what);
  });

  // Zoom. Its step is kept for this letter, and the place when a page is turned.
  const steps = [60, 100, 150, 220, 320];
  const view = () => station.querySelector("[data-view]");
  const letter = station.dataset.document ?? location.pathname;
  const [zoomed, kept] = (sessionStorage.getItem("zoom") ?? "").split(" ");
  let level = kept === letter && steps.includes(Number(zoomed)) ? Number(zoomed) : 100;
  let place = [0, 0];
  const larger = (img) => { // a larger picture has more to see; it comes in when it is there
    if (!img.src.endsWith("/screen")) return;
    const full = new Image();
    full.addEventListener("load", () => { img.src = full.src; });
    full.src = img.src.replace(/screen$/, "full");
  };
  const zoom = (to, [x, y] = place) => {
    const v = view();
    if (!v) return;
    for (const each of station.querySelectorAll("[data-view]")) {
      for (const s of steps) each.classList.toggle("zoom-" + s, s === to);
      each.classList.toggle("zoomed", to > 100);
    }
    level = to;
    sessionStorage.setItem("zoom", to + " " + letter);
    if (to > 100) station.querySelectorAll("[data-view] img").forEach(larger);
    v.scrollTo(x * v.scrollWidth - (x ? v.clientWidth / 2 : 0), y * v.scrollHeight - (y ? v.clientHeight / 2 : 0));
  };
  const middle = () => {
    const v = view();
    return [(v.scrollLeft + v.clientWidth / 2) / v.scrollWidth, v.scrollTop ? (v.scrollTop + v.clientHeight / 2) / v.scrollHeight : 0];
  };
  // The next mark of what was read, as large as it fits.
  let mark = -1;
  const evidence = () => {
    const marks = [...view().querySelectorAll("polygon.fact, polygon.doubt")];
    if (!marks.length) return;
    mark = (mark + 1) % marks.length;
    marks.forEach((m, i) => m.classList.toggle("now", i === mark));
    const box = marks[mark].getBBox(), whole = marks[mark].ownerSVGElement.viewBox.baseVal;
    const fits = steps.filter((s) => s >= 100 && box.width / whole.width * s < 80);
    zoom(fits.at(-1) ?? 100, [0, 0]);
    marks[mark].scrollIntoView({block: "center", inline: "center"});
  };
  station.addEventListener("click", (e) => {
    const b = e.target.closest("[data-zoom], [data-evidence], a[data-turn]");
    if (!b) return;
    if (b.dataset.evidence !== undefined) return evidence();
    if (b.dataset.zoom !== undefined) {
      const by = Number(b.dataset.zoom), at = steps.indexOf(level);
      return zoom(by === 0 ? 100 : steps[Math.min(steps.length - 1, Math.max(0, at + by))], by === 0 ? [0, 0] : middle());
    }
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    if (!busy) turn(b.href);
    else if (b.dataset.key && waiting.length < 9) waiting.push(b.dataset.key);
  });

  // A page is turned in place, so that zoom, scrolling and what is typed stay.
  // Presses that come meanwhile are done after it.
  let busy = false;
  const waiting = [];
  const turn = async (href) => {
    const v = view();
    busy = true;
    place = level > 100 ? middle() : [0, 0];
    try {
      const got = await fetch(href);
      if (!got.ok || got.redirected) throw new Error(got.status);
      const page = new DOMParser().parseFromString(await got.text(), "text/html");
      const at = document.activeElement, key = at?.dataset.key, inside = at?.closest("#sheet, #acts");
      for (const id of ["sheet", "acts"]) {
        const to = page.getElementById(id), from = document.getElementById(id);
        if (to && from) from.replaceWith(document.importNode(to, true));
      }
      const to = page.querySelector("#sheet input[type=hidden][name=page]") || page.querySelector("#acts input[type=hidden][name=page]");
      if (to) station.querySelectorAll("input[type=hidden][name=page]").forEach((e) => { e.value = to.value; });
      if (inside) (at === v ? view() : (key && find(key)) || station).focus({preventScroll: true});
      history.replaceState(null, "", href);
      mark = -1;
      busy = false;
      dress();
      find(waiting.shift())?.click();
    } catch { location.assign(href); } // as without a script
  };
  const dress = () => {
    station.querySelectorAll(".scripted").forEach((e) => { e.hidden = false; });
    const current = station.querySelector(".strip [aria-current]");
    if (current) { const strip = current.closest(".strip"); strip.scrollLeft = current.offsetLeft - strip.offsetLeft - (strip.clientWidth - current.clientWidth) / 2; }
    zoom(level);
  };
  dress();

  // Who works at it keeps it: the lease is asked for again while somebody does. Who does
  // nothing for long loses it, and the session.
  let active = true;
  const hold = station.dataset.hold;
  document.addEventListener("pointermove", () => { active = true; }, {passive: true});
  const keep = async () => {
    if (!active || document.hidden) return;
    active = false;
    const got = await fetch(hold, {method: "POST"}).catch(() => null);
    const lost = got && (got.status === 404 || got.status === 409);
    if (lost) { document.getElementById("lost").hidden = false; clearInterval(keeping); }
  };
  const keeping = hold ? setInterval(keep, 60000) : 0;
})();
