// The caseworkers: one finds a letter by a word in it and sends another one back; a
// colleague of another group sees neither.
import assert from "node:assert/strict";
import { height, width, word } from "./desk.mjs";

export async function readLetters(desk) {
  const c = await desk.signedIn("carla");
  assert.equal(c.path(), "/letters");
  const rows = c.page.locator("#rows tbody tr");
  const references = await rows.locator("td:nth-child(2)").allInnerTexts();
  const letters = desk.truth.documents.filter((d) => d.store === "tax");
  const mine = letters.map((d) => d.case);
  assert.deepEqual(references.map((r) => r.trim()).sort(), [...mine, desk.cases.tax].sort(), "the letters of the own group's cases");
  assert.equal(await rows.locator(".state", { hasText: word("letters.unread") }).count(), references.length);
  await c.shot("letters");
  const reference = mine[0];
  const said = await open(c, rows, reference);
  desk.filed = c.path().split("/")[2];
  desk.filedPage = letters[0].pages[0];
  await c.page.goto("/letters");
  assert.match(await rows.filter({ hasText: reference }).first().innerText(), new RegExp(word("letters.seen")));
  await find(c, reference, said);
  await byKeys(c, reference);
  await onATelephone(c);
  await takeAlong(c);
  await sendBack(c, desk, rows);
  await c.leave();
  return said;
}

// open reads a letter, and gives a word of it to remember.
async function open(c, rows, reference) {
  await c.leaving(() => rows.filter({ hasText: reference }).getByRole("link").first().click());
  await c.page.locator(".page svg text").first().waitFor({ state: "attached" });
  await c.pictures();
  const said = (await c.page.locator(".page svg tspan").allTextContents()).map((t) => t.trim()).filter((t) => /^\p{L}{6,}$/u.test(t));
  said.sort((a, b) => b.length - a.length);
  assert.ok(said.length > 0, "no word can be read on the letter's page");
  return said[0];
}

// find searches for the word over all letters, and then in the letter.
async function find(c, reference, said) {
  await c.page.fill("#q", said);
  await c.page.press("#q", "Enter");
  await c.page.waitForURL("**/search");
  assert.ok(!c.page.url().toLowerCase().includes(said.toLowerCase()), "what is looked for stands in the address");
  const hit = c.page.locator(".hits > li", { hasText: reference }).first();
  assert.equal((await hit.locator("mark").first().innerText()).toLowerCase(), said.toLowerCase());
  await c.shot("search");
  await c.leaving(() => hit.getByRole("link").first().click());
  assert.match(await c.heading(), new RegExp(reference));
  await c.page.fill("#find", said);
  await c.page.press("#find", "Enter");
  await c.page.locator(".page polygon.hit").first().waitFor({ state: "attached" });
  const [paper, notes] = [await c.page.locator("figure.view").first().boundingBox(), await c.page.locator("#note").boundingBox()];
  assert.ok(notes.x > paper.x + paper.width && notes.y >= 0 && notes.y < 600, "the notes are not beside the part of the page that is looked at");
  await c.shot("letter");
}

// byKeys reads without a click: the keys work in a letter as it opens, after each that leads to
// another one, and at a place that was found, which is in sight.
async function byKeys(c, reference) {
  await c.page.locator("#hit").waitFor({ state: "attached" });
  await c.page.waitForFunction(() => document.activeElement.id === "hit"); // a browser takes the focus to what an address names, or away
  const { top, bottom } = await c.page.locator("#hit").evaluate((e) => e.getBoundingClientRect().toJSON());
  assert.ok(top >= 0 && bottom <= height, `the place that was found is out of sight: ${top}`);
  assert.equal(await c.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none", "the whole letter has a box around it");
  await c.press("+");
  await c.page.locator(".view.zoom-150").first().waitFor();
  await c.press("f");
  await c.page.goto("/letters");
  await c.leaving(() => c.page.locator("#rows tbody tr").first().getByRole("link").first().click());
  assert.ok(await c.atKeys(), "a letter opens with dead keys");
  await c.leads("j");
  assert.ok(await c.atKeys(), "the next letter opens with dead keys");
  await c.press("/");
  assert.equal(await c.focused(), "find");
  assert.notEqual(await c.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none", "the field's focus is not to be seen");
  await c.press("Escape");
  await c.press("+");
  await c.page.locator(".view.zoom-150").first().waitFor();
  await c.press("f");
  await c.page.goto("/letters");
  await c.leaving(() => c.page.locator("#rows tbody tr", { hasText: reference }).first().getByRole("link").first().click());
  assert.match(await c.heading(), new RegExp(reference));
}

// onATelephone is a narrow screen: the letter's picture comes before all that can be done with it.
async function onATelephone(c) {
  await c.page.setViewportSize({ width: 400, height: 800 });
  const top = (selector) => c.page.locator(selector).first().evaluate((e) => e.getBoundingClientRect().top);
  assert.ok(await top("figure.view") < 500, `the letter begins at ${await top("figure.view")}`);
  assert.ok(await top("figure.view") < await top(".letter nav"), "the ways to other letters stand above the letter");
  await c.shot("letter-400");
  const [seen, wide] = await c.page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
  assert.ok(wide <= seen, `the letter is ${wide} wide where ${seen} can be seen`);
  await c.page.setViewportSize({ width, height });
}

async function takeAlong(c) {
  for (const kind of ["original", "searchable"]) {
    const bytes = await c.download(`a[href$='/file/${kind}']`);
    assert.equal(bytes.subarray(0, 5).toString(), "%PDF-", kind);
  }
}

// sendBack returns the letter that was filed in a wrong case.
async function sendBack(c, desk, rows) {
  await c.page.goto("/letters");
  await c.leaving(() => rows.filter({ hasText: desk.cases.tax }).getByRole("link").first().click());
  desk.returned = c.path().split("/")[2];
  await c.page.click("details summary:has-text('" + word("letter.not_mine") + "')");
  await c.page.fill("#why", "a building permit, not a tax");
  await c.page.click("form[action$='/return'] button");
  await c.hears("letter.returned");
  assert.equal(await rows.filter({ hasText: desk.cases.tax }).count(), 0, "it is still in her list");
  const answer = await c.page.goto("/letters/" + desk.returned);
  assert.ok([404, 410].includes(answer.status()), `she still opens it: ${answer.status()}`);
  assert.equal(await c.page.locator(".page").count(), 0, "she still sees a page of it");
}

async function nothingThere(c, document) {
  const answer = await c.page.goto("/letters/" + document);
  assert.equal(answer.status(), 404);
  assert.equal(await c.heading(), word("problem.not_found"));
}

// seesNothing is somebody of another group: neither the letters nor that they exist.
export async function seesNothing(desk, said) {
  const s = await desk.signedIn("sam");
  const references = await s.page.locator("#rows tbody tr td:nth-child(2)").allInnerTexts();
  assert.ok(references.length > 0 && references.every((r) => r.trim().startsWith("+++")), `not all of these are social cases: ${references}`);
  await s.page.fill("#q", said);
  await s.page.press("#q", "Enter");
  await s.page.waitForURL("**/search");
  for (const text of await s.page.locator(".hits > li a").allInnerTexts()) assert.match(text, /^\+\+\+/, "a hit outside of the own groups");
  await nothingThere(s, desk.returned);
  await nothingThere(s, desk.filed);
  await s.leave();
}
