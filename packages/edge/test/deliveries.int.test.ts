import { EdgeVM } from "@edge-runtime/vm";
import { expect, test } from "vitest";
import { deliveries } from "../src/deliveries.ts";
import { bundle } from "./bundle.ts";
import { withWorkerd } from "./workerd.ts";

const EVERYWHERE = {
  heard: ["org.created", "org.suspended"],
  relayed: ["org.created", "org.suspended"],
  received: ["org.suspended"],
  delivered: [2, 1],
  audit: ["org.suspended", "org.created"],
  isAttributed: true,
};

test("events are told, audited, relayed and sent in Node", async () => {
  expect(await deliveries()).toEqual(EVERYWHERE);
});

test("and in workerd", async () => {
  const { text } = await bundle("deliveries-worker.ts");
  await withWorkerd(text, async (url) => {
    const answer = await fetch(url);
    expect(await answer.json()).toEqual(EVERYWHERE);
  });
});

test("and in the edge VM", async () => {
  const { text } = await bundle("deliveries.ts", { format: "iife", globalName: "deliveries" });
  const vm = new EdgeVM();
  vm.evaluate(`${text}; globalThis.deliveries = deliveries;`);
  const told = await vm.evaluate("deliveries.deliveries().then(JSON.stringify)");
  expect(JSON.parse(told)).toEqual(EVERYWHERE);
});

test("a bundle of it imports nothing", async () => {
  expect((await bundle("deliveries-worker.ts")).imports).toEqual([]);
});
