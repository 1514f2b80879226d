// The auditor explains a routing and draws a sample; the administrator adds a user.
import assert from "node:assert/strict";
import { height, word } from "./desk.mjs";

export async function explain(desk) {
  const a = await desk.signedIn("anna");
  assert.equal(a.path(), "/log");
  await a.page.selectOption("#action", "document filed");
  await a.follow("form[action='/log'] button");
  const actions = await a.page.locator("tbody tr td:nth-child(4)").allInnerTexts();
  assert.ok(actions.length > 0 && actions.every((t) => t === "document filed"), `filtered: ${actions}`);
  await a.shot("log");
  await a.follow(`td a[href='/story/${desk.returned}']`);
  await story(a, desk);
  await sample(a);
  await a.page.goto("/log");
  await a.page.selectOption("#action", "document viewed");
  await a.follow("form[action='/log'] button");
  const csv = (await a.page.request.get("/log/export")).text();
  assert.match(await csv, /Carla.*,document viewed,/, "the log has no view of the caseworker's");
  await a.leave();
}

// story reads who had seen the letter and that it was sent back; then, with a reason, the letter.
async function story(a, desk) {
  assert.match(await a.heading(), new RegExp(desk.returned.slice(0, 12)));
  await a.page.locator(".state.good", { hasText: word("story.agrees") }).waitFor();
  await a.page.locator("dl.facts", { hasText: word("reason.recall") }).waitFor();
  const touches = a.page.locator("tbody tr");
  assert.ok(await touches.filter({ hasText: "Carla" }).filter({ hasText: "document viewed" }).count() > 0, "the story does not tell that she looked");
  assert.equal(await touches.locator(".state.bad").count(), 0, "an entry is not proven");
  await a.page.locator("main li", { hasText: "a building permit, not a tax" }).first().waitFor();
  assert.equal(await a.page.locator(".strip img").count(), 0, "pages are shown without a reason");
  await a.page.fill("#why", "complaint about a letter gone astray");
  await a.follow("form[action*='/open'] button");
  await a.page.locator(".strip img").first().waitFor();
  const { top, bottom } = await a.page.locator(".strip").evaluate((e) => e.getBoundingClientRect().toJSON());
  assert.ok(top >= 0 && bottom <= height, `the pages open out of sight: ${top}`);
  await a.page.evaluate(() => scrollTo(0, 0));
  await a.shot("story");
}

async function sample(a) {
  await a.follow("nav a[href='/samples']");
  await a.page.fill("#count", "3");
  await a.follow("form[action='/samples'] button");
  const rows = a.page.locator("tbody tr");
  assert.equal(await rows.count(), 3);
  await a.follow("tbody tr a");
  await a.page.waitForFunction(() => document.activeElement.id === "station");
  assert.equal(await a.page.evaluate(() => scrollY), 0, "the navigation is out of sight");
  await a.leads("r");
  assert.equal(await a.heading(), word("samples.judge"), "the next one does not follow");
  await a.shot("judge");
  await a.follow("a[href^='/samples/']:has-text('" + word("samples.back") + "')");
  await rows.locator(".state.good", { hasText: word("samples.is_right") }).first().waitFor();
  assert.match(await a.page.locator("dl.facts").innerText(), /1 \/ 3/);
  await a.shot("sample");
}

export async function addUser(desk) {
  const a = await desk.signedIn("admin");
  assert.equal(a.path(), "/users");
  const first = "seven blue window envelopes", own = "nine brown paper parcels";
  await a.page.fill("#login", "nora");
  await a.page.fill("#name", "Nora New");
  await a.page.fill("#password", first);
  await a.page.check("form[action='/users'] input[value='operator']");
  await a.follow("form[action='/users'] button");
  await a.hears("users.added");
  await a.page.locator("tbody tr", { hasText: "Nora New" }).waitFor();
  await a.shot("users");
  await a.leave();
  const n = await desk.person("nora");
  await n.signIn(first);
  assert.equal(n.path(), "/account", "she may go on with the first password");
  await n.page.goto("/intake");
  assert.equal(n.path(), "/account", "she may go on with the first password");
  await n.page.fill("#old", first);
  await n.page.fill("#new", own);
  await n.page.fill("#again", own);
  await n.follow("form[action='/account/password'] button");
  await n.hears("account.changed");
  await n.page.goto("/intake");
  assert.equal(n.path(), "/intake");
  await n.leave();
}
