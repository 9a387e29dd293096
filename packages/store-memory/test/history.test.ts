import { checkHistory, historySeed } from "@tenantry/testkit/history";
import { test } from "vitest";
import { InMemoryTenancyStore } from "../src/index.ts";

test(`after any sequence of operations the past is what the events tell (seed ${historySeed})`, () =>
  checkHistory(async (clock) => ({ store: new InMemoryTenancyStore({ clock }), close() {} }), 500));
