import type { Town } from "../contract/town.ts";
import type { StoreUnderTest } from "../open-store.ts";
import type { PlacementOperations, WithPlacements } from "../placements/operations.ts";
import type { OpenShared } from "../shared-database.ts";
import { caseOf, type FaultCase } from "./cases.ts";

const HOLDER = "worker";
const SECONDS = 3600;
const NEXT = {
  ...{ strategy: "database", stage: "switch", step: null, attempts: 0, until: null, policy: "rename" },
  ...{ sealedDsn: "sealed", migratedTo: "0001.sql" },
};

type Placed = StoreUnderTest & PlacementOperations;

/** The operations that change what a place is, each where it is accepted. For instances that {@link withPlacements} opens. */
export const placementCases: readonly FaultCase[] = [
  placed("provisioned", held, pending),
  placed("failed", ({ org }) => [...held({ org }), { step: "migrate", code: "42501", attempts: 3 }], pending),
  placed(
    "deprovisioned",
    ({ org }) => [...held({ org }), { policy: "drop", archivedAs: null }],
    async (town) => {
      await ready(town);
      await own(town).patch(town.org, HOLDER, { state: "deprovisioning", step: "drop" });
    },
  ),
  placed("paused", ({ org }) => [org, { seconds: SECONDS, holder: null }], ready),
  placed("resumed", ({ org }) => [org, HOLDER], paused),
  {
    ...placed("moved", held, async (town) => {
      await paused(town);
      await own(town).patch(town.org, HOLDER, { move: NEXT });
    }),
    events: 2,
  },
];

function placed(
  name: keyof PlacementOperations,
  args: FaultCase["args"],
  prepare: NonNullable<FaultCase["prepare"]>,
): FaultCase {
  const options = { groups: ["placement"] } as const;
  return caseOf({ ...{ name, isMutation: true, hasVersion: true, hasKey: true, ids: [] }, args, prepare, options });
}

function held({ org }: Pick<Town, "org">): readonly unknown[] {
  return [{ orgId: org, holder: HOLDER }];
}

async function pending(town: Town): Promise<void> {
  await own(town).create(town.org, "schema", "pending");
  await own(town).lease(town.org, HOLDER, SECONDS);
}

async function ready(town: Town): Promise<void> {
  await pending(town);
  await own(town).provisioned({ orgId: town.org, holder: HOLDER });
}

async function paused(town: Town): Promise<void> {
  await ready(town);
  await own(town).paused(town.org, { seconds: SECONDS, holder: HOLDER });
}

const own = ({ store }: Town): PlacementOperations => store as Placed;

/** Instances that have the operations on placements as methods of their own, so that they are called like all others. */
export function withPlacements(openShared: OpenShared, placements: WithPlacements["placements"]): OpenShared {
  return async () => {
    const database = await openShared();
    return {
      ...database,
      async connect(options, interpose) {
        const store = await database.connect(options, interpose);
        const more = placements(store);
        return new Proxy(store, {
          get(target, name) {
            const from: object = Object.hasOwn(more, name) ? more : target;
            const member: unknown = Reflect.get(from, name);
            return typeof member === "function" ? member.bind(from) : member;
          },
        });
      },
    };
  };
}
