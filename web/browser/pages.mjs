// Every page in every language, before axe: the routes come from the desk's own table,
// so that a page that nobody visits here fails the test.
import assert from "node:assert/strict";
import { languages } from "./desk.mjs";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// visits says who goes to each route and how; an answer that is no page has its kind. What
// another part of the day looks at is elsewhere: here cut-outs, at the station.
const visits = {
  "/signin": { as: "nobody", then: refusedSignIn },
  "/signon": { as: "nobody" }, // there is no identity provider here: a page that says so
  "/signon/back": { as: "nobody" },
  "/{$}": { as: "otto" },
  "/account": { as: "otto" },
  "/live": { as: "otto", kind: "text/event-stream", lasts: true },
  "/intake": { as: "otto" },
  "/batches/{batch}": { as: "otto" },
  "/batches/{batch}/picture/{page}/{size}": { as: "otto", kind: "image/" },
  "/rescans": { as: "otto" },
  "/differences": { as: "otto" },
  "/station": { as: "otto", then: refusedReference },
  "/station/list": { as: "otto" },
  "/station/{document}": { as: "otto", document: "waiting" },
  "/station/{document}/picture/{page}/{size}": { as: "otto", document: "waiting", kind: "image/" },
  "/station/{document}/fact/{fact}": { as: "otto", elsewhere: true },
  "/letters": { as: "carla" },
  "/letters/{document}": { as: "carla", then: findInLetter },
  "/letters/{document}/case": { as: "carla" },
  "/letters/{document}/older": { as: "carla" },
  "/letters/{document}/newer": { as: "carla" },
  "/letters/{document}/picture/{page}/{size}": { as: "carla", kind: "image/" },
  "/letters/{document}/file/{kind}": { as: "carla", kind: "application/pdf" },
  "/search": { as: "carla", before: search },
  "/log": { as: "anna" },
  "/log/export": { as: "anna", kind: "text/csv" },
  "/log/proofs": { as: "anna", kind: "application/jsonl" },
  "/log/entry/{entry}": { as: "anna" },
  "/log/verification": { as: "anna" },
  "/story/{document}": { as: "anna", then: openStory },
  "/story/{document}/picture/{page}/{size}": { as: "anna", kind: "image/" },
  "/story/{document}/fact/{fact}": { as: "anna", kind: "image/" },
  "/samples": { as: "anna" },
  "/samples/{sample}": { as: "anna" },
  "/samples/{sample}/next": { as: "anna" },
  "/samples/{sample}/export": { as: "anna", kind: "text/csv" },
  "/samples/{sample}/{document}": { as: "anna", document: "sampled" },
  "/wrong": { as: "otto" },
  "/figures": { as: "anna" },
  "/sheets": { as: "otto" },
  "/users": { as: "admin" },
  "/users/{user}": { as: "admin" },
  "/sessions": { as: "admin" },
  "/reach": { as: "admin" },
};

export async function everyPage(desk, tell) {
  assert.deepEqual(Object.keys(visits).sort(), [...desk.routes].sort(), "the pages of web/route.go and those that are visited here");
  const people = { nobody: await desk.person("nobody") };
  for (const login of ["otto", "carla", "anna", "admin"]) people[login] = await desk.signedIn(login);
  const ids = await found(desk, people);
  const faults = [];
  for (const [n, lang] of languages.entries()) {
    const round = async (p) => { // everybody at the same time
      await speak(p, lang, n % 2 === 1);
      for (const [route, visit] of Object.entries(visits).filter(([, v]) => v.as === p.login)) {
        const path = filledIn(route, { ...ids, document: ids[visit.document ?? "document"], page: String(ids.pages[visit.document ?? "document"]) });
        if (visit.kind && n === 0) await isOfKind(p, path, visit);
        if (!visit.kind && !visit.elsewhere) faults.push(...await judged(p, visit, path, lang, desk.axe));
      }
    };
    await Promise.all(Object.values(people).map(round));
    tell(`all pages in ${lang}`);
  }
  for (const p of Object.values(people)) {
    await speak(p, "en", false);
    await p.leave();
  }
  assert.equal(faults.length, 0, `axe:\n${faults.join("\n")}`);
}

// found looks up, as people do, what can stand in a path.
async function found(desk, people) {
  const last = async (who, page, link) => {
    await people[who].page.goto(page);
    return (await people[who].page.locator(link).first().getAttribute("href")).split("/").at(-1);
  };
  const sample = await last("anna", "/samples", "td a[href^='/samples/']");
  return {
    document: desk.filed, waiting: desk.returned, pages: { document: desk.filedPage, waiting: desk.misfiled[0], sampled: 0 },
    batch: await last("otto", "/intake", "#batches a[href^='/batches/']"), sample,
    sampled: await last("anna", "/samples/" + sample, "td a[href^='/samples/']"),
    user: await last("admin", "/users", "td a[href^='/users/']"), size: "thumb", fact: "0", entry: "1", kind: "original", $: "",
  };
}

function filledIn(route, ids) {
  return route.replace(/\{([^}]+)\}/g, (_, name) => {
    assert.notEqual(ids[name], undefined, `what stands for {${name}} in ${route}?`);
    return ids[name];
  });
}

async function isOfKind(p, path, { kind, lasts }) {
  const type = await p.page.evaluate(async ([path, lasts]) => {
    const end = new AbortController();
    const answer = await fetch(path, { signal: end.signal });
    if (!lasts) await answer.arrayBuffer();
    end.abort();
    return answer.status + " " + answer.headers.get("Content-Type");
  }, [path, lasts]);
  assert.ok(type.startsWith("200 " + kind), `${path}: ${type}, not ${kind}`);
}

// speak has the desk speak a language, and be dark or light.
async function speak(p, lang, dark) {
  await p.page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  await p.page.goto(p.login === "nobody" ? "/signin" : "/account");
  await p.page.click(`.languages button[value='${lang}']`);
  await p.page.locator(`html[lang='${lang}']`).waitFor({ state: "attached" });
}

// judged visits a page and gives what axe has against it, folded parts open.
async function judged(p, visit, path, lang, axe) {
  await visit.before?.(p);
  await p.page.goto(path);
  const faults = await judge(p, `${path} (${lang})`, lang, axe);
  if (!visit.then) return faults;
  await visit.then(p);
  return [...faults, ...await judge(p, `${path}, ${visit.then.name} (${lang})`, lang, axe)];
}

async function judge(p, name, lang, axe) {
  assert.equal(await p.page.locator("html").getAttribute("lang"), lang, name);
  await p.page.evaluate(() => { for (const d of document.querySelectorAll("details")) d.open = true; });
  if (!await p.page.evaluate(() => "axe" in window)) await p.page.evaluate(axe);
  const { violations } = await p.page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] }), tags);
  return violations.flatMap((v) => v.nodes.map((node) => `${name}: ${v.id}: ${node.target} ${node.html.slice(0, 160)} ${(node.failureSummary ?? "").replace(/\s+/g, " ")}`));
}

// What a page shows after something was done on it.

async function refusedSignIn(p) {
  const { page } = p;
  await page.fill("#login", "nobody");
  await page.fill("#password", "not the right one at all");
  await p.follow("main form button");
  await page.locator(".problem").waitFor();
}

async function refusedReference({ page }) {
  await page.fill("#reference", "TX-0000-000000-00");
  await page.press("#reference", "Enter");
  await page.locator(".problem").waitFor();
}

async function findInLetter({ page }) {
  await page.fill("#find", "de");
  await page.press("#find", "Enter");
  await page.locator("main [role=status]").first().waitFor();
}

async function search({ page }) {
  await page.goto("/letters");
  await page.fill("#q", "de*");
  await page.press("#q", "Enter");
  await page.waitForURL("**/search");
}

// openStory gives a reason, unless the letter is open: the sample may have had it.
async function openStory(p) {
  if (await p.page.locator("#why").count() > 0) {
    await p.page.fill("#why", "axe looks at it");
    await p.follow("form[action*='/open'] button");
  }
  await p.page.locator(".strip").waitFor();
}
