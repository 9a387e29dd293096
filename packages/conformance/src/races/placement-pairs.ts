import { IsolationError, type OrgId, type PlacementMove } from "@tenantry/core";
import type { StoreUnderTest } from "../open-store.ts";
import type { PlacementOperations, WithPlacements } from "../placements/operations.ts";
import { add, close, pause } from "./calls.ts";
import { both, first, one, orElse, second, sorted, term } from "./ends.ts";
import { type Contradiction, type End, type Named, type Pair, pair, type Start, type Storm } from "./pair.ts";

const busy: End = "isolation.busy";
const notReady: End = "isolation.not_provisioned";
const notMoved: End = "isolation.move_failed";

/** Longer than any trial lasts. */
const SECONDS = 3600;
const WORKERS = 8;
const NEXT: PlacementMove = {
  ...{ strategy: "database", stage: "switch", step: null, attempts: 0, until: null, policy: "rename" },
  ...{ sealedDsn: null, migratedTo: null },
};

type Work = (own: PlacementOperations, orgId: OrgId, options: Parameters<Named[1]>[2]) => Promise<unknown>;

/** Whoever works on a placement while something else happens to it, or to its organization. */
export function placementPairs(placements: WithPlacements["placements"]): readonly Pair[] {
  const { side, started, worker } = actingOn(placements);
  const provisioned = side("provisioned", (own, orgId, options) => own.provisioned(held(orgId), options));
  const failed = side("failed", (own, orgId, options) =>
    own.failed(held(orgId), { step: "migrate", code: "42501", attempts: 3 }, options),
  );
  const gone = side("deprovisioned", (own, orgId, options) =>
    own.deprovisioned(held(orgId), { policy: "rename", archivedAs: "archived" }, options),
  );
  const paused = (holder: string | null): Named =>
    side("pause", (own, orgId, options) => own.paused(orgId, { seconds: SECONDS, holder }, options));
  const resumed = (holder: string | null): Named =>
    side("resume", (own, orgId, options) => own.resumed(orgId, holder, options));
  const moved = side("exchange", (own, orgId, options) => own.moved(held(orgId), options));
  const noted = side("begin to take it down", (own, orgId) =>
    own.patch(orgId, FIRST, { state: "deprovisioning", step: "rename" }),
  );
  const released = side("release", (own, orgId) => own.release(orgId, FIRST));
  const handedOver = side("fail in the hands of another", async (own, orgId, options) => {
    await own.release(orgId, FIRST);
    await own.lease(orgId, SECOND, SECONDS);
    return own.failed(held(orgId, SECOND), { step: "migrate", code: "42501", attempts: 3 }, options);
  });
  const leased = (holder: string): Named =>
    side(`lease by ${holder}`, (own, orgId) => own.lease(orgId, holder, SECONDS));
  const placed = (strategy: string): Named =>
    side(`place in ${strategy}`, (own, orgId) => own.create(orgId, strategy, "pending"));

  const pending = started(async () => {});
  const making = started((own, orgId) => own.lease(orgId, FIRST, SECONDS));
  const ready = started(async (own, orgId) => {
    await own.lease(orgId, FIRST, SECONDS);
    await own.provisioned(held(orgId));
    await own.release(orgId, FIRST);
  });
  const leaving = started(async (own, orgId) => {
    await own.lease(orgId, FIRST, SECONDS);
    await own.provisioned(held(orgId));
    await own.patch(orgId, FIRST, { state: "deprovisioning", step: "rename" });
  });
  const stopped = started(async (own, orgId) => {
    await own.lease(orgId, FIRST, SECONDS);
    await own.provisioned(held(orgId));
    await own.release(orgId, FIRST);
    await own.paused(orgId, { seconds: SECONDS, holder: null });
  });
  const moving = started(async (own, orgId) => {
    await own.lease(orgId, FIRST, SECONDS);
    await own.provisioned(held(orgId));
    await own.patch(orgId, FIRST, { move: NEXT });
    await own.paused(orgId, { seconds: SECONDS, holder: FIRST });
  });

  return [
    pair(63, worker(FIRST, "make"), worker(SECOND, "make"), one(busy), { ...kept, start: pending }),
    pair(63, worker(FIRST, "move"), worker(SECOND, "move"), one(busy), { ...kept, start: ready }),
    pair(63, worker(FIRST, "take down"), worker(SECOND, "move"), one(busy), { ...kept, start: ready }),
    pair(63, leased(FIRST), leased(SECOND), both, { ...kept, start: pending, isAcross: true, contradiction: oneWorks }),
    pair(63, placed("schema"), placed("database"), both, { ...kept, isAcross: true, contradiction: onePlace }),
    pair(64, provisioned, provisioned, one(notReady), { ...kept, start: making }),
    pair(64, provisioned, failed, orElse(busy, notReady), { ...kept, start: making }),
    pair(64, gone, gone, one(busy), { ...kept, start: leaving }),
    pair(64, moved, moved, one(notMoved), { ...kept, start: moving }),
    pair(64, paused(null), paused(null), both, { ...kept, start: ready }),
    pair(64, paused(null), resumed(null), both, { ...kept, start: stopped }),
    // What finds no pause writes nothing.
    pair(64, resumed(null), resumed(null), both, { ...kept, start: stopped, isAcross: true }),
    pair(64, moved, resumed(FIRST), first(notMoved), { ...kept, start: moving, isAcross: true }),
    pair(64, moved, paused(FIRST), both, { ...kept, start: moving }),
    pair(65, handedOver, provisioned, orElse(busy, busy), { ...kept, start: making }),
    pair(65, noted, provisioned, second(notReady), {
      ...{ ...kept, start: making, isAcross: true },
      // Noted after it was ready, or before: then it does not become that.
      async afterwards(store, { orgId }) {
        const { state = null } = (await placements(store).get(orgId)) ?? {};
        return state === "deprovisioning" ? null : `what was to be taken down is ${state}`;
      },
    }),
    pair(65, released, provisioned, second(busy), { ...kept, start: making, isAcross: true }),
    pair(65, released, moved, second(busy), { ...kept, start: moving, isAcross: true }),
    pair(66, worker(FIRST, "make"), close, first(notReady), { ...kept, start: pending }),
    pair(66, worker(FIRST, "make"), pause, first(notReady), { ...kept, start: pending }),
    pair(66, worker(FIRST, "move"), close, first(term), { ...kept, start: ready }),
    pair(66, worker(FIRST, "move"), pause, both, { ...kept, start: ready }),
    pair(66, worker(FIRST, "take down"), close, both, { ...kept, start: ready }),
    pair(66, provisioned, close, first(notReady), { ...kept, start: making }),
    pair(66, provisioned, pause, first(notReady), { ...kept, start: making }),
    pair(66, failed, close, both, { ...kept, start: making }),
    pair(66, gone, close, both, { ...kept, start: leaving }),
    pair(66, moved, close, first(term), { ...kept, start: moving }),
    pair(66, moved, pause, both, { ...kept, start: moving }),
    pair(66, paused(null), close, first(term), { ...kept, start: ready }),
    pair(66, placed("schema"), close, both, { ...kept, isAcross: true }),
    pair(67, provisioned, add, both, { ...kept, start: making }),
    pair(67, moved, add, both, { ...kept, start: moving }),
  ];
}

export function placementStorms(placements: WithPlacements["placements"]): readonly Storm[] {
  const { started, worker } = actingOn(placements);
  const names = Array.from({ length: WORKERS }, (_, place) => `worker ${place}`);
  const storm = (what: Task, start: Start): Storm => ({
    ...{ number: 63, name: `eight workers ${what} one place`, start, ...kept },
    calls: names.map((name) => worker(name, what)[1]),
    ends: sorted(1, WORKERS - 1, busy),
  });
  const ready = started(async (own, orgId) => {
    await own.lease(orgId, FIRST, SECONDS);
    await own.provisioned(held(orgId));
    await own.release(orgId, FIRST);
  });
  return [
    storm(
      "make",
      started(async () => {}),
    ),
    storm("move", ready),
  ];
}

const FIRST = "first";
const SECOND = "second";
const kept: Pick<Pair, "options"> = { options: { groups: ["placement"] } };
const held = (orgId: OrgId, holder: string = FIRST) => ({ orgId, holder });

type Task = "make" | "move" | "take down";

/** What a worker does that has the lease; only its last step has the key. */
const tasks: { readonly [T in Task]: (...args: [...Parameters<Work>, holder: string]) => Promise<unknown> } = {
  make: (own, orgId, options, holder) => own.provisioned(held(orgId, holder), options),
  async move(own, orgId, options, holder) {
    await own.patch(orgId, holder, { move: NEXT });
    await own.paused(orgId, { seconds: SECONDS, holder });
    return own.moved(held(orgId, holder), options);
  },
  async "take down"(own, orgId, options, holder) {
    await own.patch(orgId, holder, { state: "deprovisioning", step: "rename" });
    return own.deprovisioned(held(orgId, holder), { policy: "rename", archivedAs: "archived" }, options);
  },
};

function actingOn(placements: WithPlacements["placements"]) {
  const side = (name: string, work: Work): Named => [
    name,
    (store, { orgId }, options) => work(placements(store), orgId, options),
  ];
  return {
    side,
    started:
      (work: (own: PlacementOperations, orgId: OrgId) => Promise<unknown>): Start =>
      async (store: StoreUnderTest, setting) => {
        const own = placements(store);
        await own.create(setting.orgId, "schema", "pending");
        await work(own, setting.orgId);
        return setting;
      },
    /** As the provisioner does it: whoever does not get the lease leaves it to whoever has it. */
    worker: (holder: string, task: Task): Named =>
      side(`${holder}: ${task}`, async (own, orgId, options) => {
        if (!(await own.lease(orgId, holder, SECONDS))) {
          throw new IsolationError("isolation.busy", {});
        }
        return tasks[task](own, orgId, options, holder);
      }),
  };
}

const oneWorks: Contradiction = ({ left, right }) => {
  const working = [left, right].filter((outcome) => outcome.ok && outcome.result === true).length;
  return working === 1 ? null : `${working} of two workers have the lease`;
};
const onePlace: Contradiction = ({ left, right }) => {
  const places = [left, right].map((outcome) => (outcome.ok ? Reflect.get(Object(outcome.result), "strategy") : null));
  return places[0] === places[1] ? null : `it is in ${places.join(" and in ")}`;
};
