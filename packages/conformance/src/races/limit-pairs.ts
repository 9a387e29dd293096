import type { Limits } from "@tenantry/core";
import { accept, acceptOther, add, addAnother, addElsewhere, foundAsU, invite, leave, withdraw } from "./calls.ts";
import { both, one, second, sorted, times } from "./ends.ts";
import { addCrowd, addCrowdElsewhere, addMany } from "./many-calls.ts";
import { type End, type Pair, pair, type Storm } from "./pair.ts";
import { crowded, neighbour, offersAcross } from "./starts.ts";

const full: End = "conflict.member_limit";
const many: End = "conflict.invitation_limit";
const busy: End = "conflict.organization_limit";
const under = (limits: Limits): Pick<Pair, "options"> => ({ options: { limits } });

/** A setting has so many members, and one open invitation. */
const MEMBERS = 5;

/** Two calls and one place. */
export const limitPairs: readonly Pair[] = [
  pair(59, addAnother, addAnother, one(full), under({ members: MEMBERS + 1 })),
  pair(59, accept, addAnother, one(full), under({ members: MEMBERS + 1 })),
  pair(59, addMany("all"), addAnother, one(full), under({ members: MEMBERS + 2 })),
  // What finds every place taken writes nothing.
  pair(59, addMany("each"), addAnother, second(full), { ...under({ members: MEMBERS + 1 }), isAcross: true }),
  pair(59, leave("x"), addAnother, second(full), under({ members: MEMBERS })),
  pair(59, invite("d"), invite("e"), one(many), under({ pendingInvitations: 2 })),
  pair(59, withdraw, invite("e"), second(many), under({ pendingInvitations: 1 })),
  pair(59, accept, invite("e"), second(many), under({ pendingInvitations: 1 })),
  pair(59, add, addElsewhere("u"), one(busy), {
    ...under({ organizationsPerUser: 1 }),
    isAcross: true,
    start: neighbour,
  }),
  pair(59, add, foundAsU, one(busy), { ...under({ organizationsPerUser: 1 }), isAcross: true }),
  pair(59, accept, acceptOther, one(busy), {
    ...under({ organizationsPerUser: 1 }),
    isAcross: true,
    start: offersAcross,
  }),
  pair(59, leave("x"), addElsewhere("x"), second(busy), {
    ...under({ organizationsPerUser: 1 }),
    isAcross: true,
    start: neighbour,
  }),
  pair(59, addCrowd, addCrowdElsewhere, both, {
    ...under({ organizationsPerUser: 3 }),
    isAcross: true,
    start: crowded,
  }),
  pair(59, addCrowd, addCrowdElsewhere, one(busy), {
    ...under({ organizationsPerUser: 2 }),
    isAcross: true,
    start: crowded,
  }),
];

const PLACES = 3;
const CALLERS = 10 * PLACES;

/** Ten times as many as there are places: exactly as many succeed as there are. */
export const limitStorms: readonly Storm[] = [
  {
    number: 59,
    name: `${CALLERS} join where ${PLACES} may`,
    options: { limits: { members: MEMBERS + PLACES } },
    calls: times(CALLERS, addAnother[1]),
    ends: sorted(PLACES, CALLERS - PLACES, full),
  },
  {
    number: 59,
    name: `${CALLERS} are invited where ${PLACES} may be`,
    options: { limits: { pendingInvitations: 1 + PLACES } },
    calls: times(CALLERS, invite("a")[1]),
    ends: sorted(PLACES, CALLERS - PLACES, many),
  },
  {
    number: 59,
    name: `U creates ${CALLERS} organizations where ${PLACES} may be`,
    options: { limits: { organizationsPerUser: PLACES } },
    calls: times(CALLERS, foundAsU[1]),
    ends: sorted(PLACES, CALLERS - PLACES, busy),
  },
];
