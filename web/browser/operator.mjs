// The operator: watches a batch come in, and clears what waits by keyboard alone.
import assert from "node:assert/strict";
import { copyFileSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { word } from "./desk.mjs";

export async function watchBatch(desk) {
  const o = await desk.signedIn("otto");
  assert.equal(o.path(), "/intake");
  await o.page.locator("#batches", { hasText: word("intake.none") }).waitFor();
  await o.page.evaluate(() => { window.neverReloaded = true; });
  drop(desk);
  const row = o.page.locator("#batches tbody tr", { hasText: basename(desk.batch) });
  await row.locator("progress").first().waitFor({ timeout: 120_000 });
  await o.shot("intake-arriving");
  await row.locator(".state", { hasText: word("batch.is_open") }).waitFor({ timeout: 240_000 });
  const waiting = desk.truth.documents.filter((d) => d.exception).length;
  assert.equal(await row.locator("td").nth(4).innerText(), "" + waiting, "exceptions on the line of the batch");
  assert.equal(await o.page.evaluate(() => window.neverReloaded), true, "the page was reloaded: it is not live");
  await o.shot("intake");
  await o.leaving(() => row.getByRole("link").click());
  await strip(o, desk);
  return o;
}

// drop lays the scanner's file into the watched folder, whole under its name.
function drop(desk) {
  const name = join(desk.inbox, basename(desk.batch));
  copyFileSync(desk.batch, name + ".part");
  renameSync(name + ".part", name);
}

// strip looks at every page's place.
async function strip(o, desk) {
  assert.match(await o.heading(), new RegExp(basename(desk.batch)));
  const cells = o.page.locator(".cell");
  assert.equal(await cells.count(), desk.truth.pages.length);
  const separators = desk.truth.pages.filter((p) => p.kind === "separator").length;
  const placed = (key) => cells.locator(".state").filter({ hasText: new RegExp(`^${word(key)}$`) }).count();
  assert.equal(await placed("place.separator"), separators);
  const held = desk.truth.documents.filter((d) => d.exception).flatMap((d) => d.pages).length;
  assert.equal(await placed("place.exception"), held);
  await o.page.locator(".sums", { hasText: word("batch.adds_up") }).waitFor();
  await o.shot("batch");
}

// clear decides all that waits. Each kind of letter has its own way; only keys are pressed.
export async function clear(o, desk) {
  const letters = desk.truth.documents.filter((d) => d.exception).map((d) => d.type), done = [];
  await o.tabTo("header a[href='/station']");
  await o.leads("Enter");
  for (; await waits(o); assert.ok(done.length <= letters.length, `decided: ${done}`)) {
    const letter = await letterShown(o, desk);
    await ways[letter.type](o, desk, letter);
    done.push(letter.type);
  }
  assert.deepEqual(done.sort(), letters.sort());
  assert.equal(await o.heading(), word("station.empty"));
  await allDone(o);
}

async function waits(o) { return await o.page.locator("#reference").count() > 0; }

// letterShown finds the letter of the truth that the station shows.
async function letterShown(o, desk) {
  assert.ok(await o.inField() || await o.atKeys(), "the cursor is neither where a reference is typed nor where keys work");
  const pages = await shownPages(o);
  const letter = desk.truth.documents.find((d) => d.pages.includes(pages[0]));
  const reasons = letter.exception.split("|").map((r) => word("reason." + r));
  assert.ok(reasons.includes(await o.heading()), `pages ${pages}: ${await o.heading()}, not ${reasons}`);
  return letter;
}

const pageName = (n) => word("page.number").replace("{{.Page}}", n);

// shownPages are the pages of the letter that is shown, as its head tells them: page 4, pages 4-5.
export async function shownPages(o) {
  const told = (await o.page.locator(".meta").innerText()).match(/pages? ([\d, –-]+)/)[1];
  return told.split(",").flatMap((span) => {
    const [from, to = from] = span.split(/[–-]/).map((n) => parseInt(n));
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

const ways = {
  // Discarded by mistake and taken back; its first candidate is right.
  async doubtful(o, desk, letter) {
    await o.shot("station");
    assert.ok(await o.page.locator(".facts img").evaluateAll((all) => all.length > 0 && all.every((i) => i.naturalWidth > 0)), "no cut-out of what was read");
    await discard(o, "advertising");
    await o.byKeys();
    await o.commands("u");
    await o.hears("station.undone");
    assert.deepEqual(await shownPages(o), letter.pages);
    assert.match(await o.page.locator("[data-key='1']").innerText(), /TX-|PER|\+\+\+/);
    await typedAnywhere(o, desk, letter);
    await fileCandidate(o);
  },

  // Two letters without a separator between them. The first one proves its case now; of
  // the second one's two candidates one is right.
  async conflict(o, desk, letter) {
    const [first, ...rest] = letter.pages;
    await o.page.getByAltText(pageName(first), { exact: true }).waitFor();
    await o.press("PageDown");
    await o.page.getByAltText(pageName(rest[0]), { exact: true }).waitFor();
    await o.byKeys();
    await o.commands("s");
    await o.hears("station.done_split");
    assert.deepEqual(await shownPages(o), rest);
    await fileCandidate(o);
  },

  // Not to be read well: laid aside.
  async invalid(o, desk) {
    await opens(o, "l", "why-later");
    await o.type("ask the scanning room for the paper");
    await o.leads("Enter");
    await o.hears("station.parked_later");
    desk.aside = true;
  },

  // Filed where it does not belong, after a slip that the desk does not take.
  async unknown(o, desk, letter) {
    await o.byTyping();
    await o.type("TX-0000-000000-00");
    await o.page.locator("#lookup .state.bad").waitFor();
    await o.page.context().setOffline(true);
    await o.type("0");
    await o.page.locator("#lookup", { hasText: word("lookup.away") }).waitFor();
    await o.page.context().setOffline(false);
    o.wrong = o.wrong.filter((w) => !w.includes("htmx:error")); // the console's word of it
    await o.press("Backspace");
    await o.page.locator("#lookup .state.bad").waitFor();
    await o.leads("Enter");
    await o.page.locator(".problem", { hasText: word("form.problem") }).waitFor();
    assert.ok(await o.inField(), "what is refused is not in the field again");
    assert.deepEqual(await shownPages(o), letter.pages, "a reference that can't be is taken");
    await fileTyped(o, desk.cases.tax);
    desk.misfiled = letter.pages;
  },
};

// fileTyped types a reference, reads whose case it is, and files.
export async function fileTyped(o, reference) {
  await o.byTyping();
  await o.press("Control+a");
  await o.type(reference);
  await o.page.locator("#lookup .state.good", { hasText: word("lookup.ok") }).waitFor();
  assert.match(await o.page.locator("#lookup").innerText(), new RegExp(reference.replace(/[+/]/g, "\\$&")));
  await o.looks();
  await o.leads("Enter");
  await o.hears("station.filed");
}

// fileCandidate takes the first candidate by its key, looks at it, and files.
async function fileCandidate(o) {
  const reference = await o.page.locator("[data-key='1']").getAttribute("value");
  await o.byKeys();
  await o.looks();
  await o.press("1");
  assert.ok(await o.inField(), "a candidate's key does not lead to the field");
  assert.equal(await o.page.inputValue("#reference"), reference);
  await o.page.locator("#lookup .state.good").waitFor();
  await o.leads("Enter");
  await o.hears("station.filed");
}

// typedAnywhere types references where the cursor is not in the field: each goes to the
// field or does nothing.
async function typedAnywhere(o, desk, letter) {
  const printed = "+++425/1808/05672+++", reference = () => o.page.inputValue("#reference");
  const same = async (what) => {
    assert.deepEqual(await shownPages(o), letter.pages, what);
    assert.equal(await o.page.locator("details.act[open]").count(), 0, what);
  };
  await o.byTyping();
  await o.page.locator("[data-view]").click();
  await o.type(printed);
  await same("typed after a click on the picture");
  assert.equal(await reference(), printed);
  await o.looks();
  await o.leads("Enter");
  await o.page.locator(".problem", { hasText: word("form.problem") }).waitFor();
  assert.ok(await o.inField(), "after a refusal the cursor is not in the field");
  await o.type(printed);
  assert.equal(await reference(), printed, "what is typed anew does not replace what was refused");
  await o.page.fill("#reference", "");
  for (const text of [desk.cases.tax.toLowerCase(), printed, "PER/2020/1"]) {
    await o.byKeys();
    await o.looks();
    await o.type(text);
    await o.press("Enter");
    await o.said("station.typed");
    await o.looks();
    await same(`${text} typed where keys work`);
    assert.equal(await reference(), "");
  }
  await o.press("x");
  await o.press("PageDown");
  await o.looks();
  await same("a key that was typed over");
}

// opens presses the key of a form for a reason.
async function opens(o, key, field) {
  await o.byKeys();
  await o.looks();
  await o.press(key);
  await o.page.waitForFunction((id) => document.activeElement.id === id, field);
}

async function discard(o, why) {
  await opens(o, "d", "why-discard");
  await o.type(why);
  await o.leads("Enter");
  await o.hears("station.discarded");
}

// allDone waits at the intake until what was decided is filed and made searchable.
export async function allDone(o) {
  await o.page.goto("/intake");
  await o.page.waitForFunction(() => {
    const bars = [...document.querySelectorAll("#batches progress")];
    return bars.length === 4 && bars.every((b) => b.value === b.max) && !document.querySelector("#batches .state.busy");
  }, undefined, { timeout: 240_000 });
  await o.shot("intake-done");
}
