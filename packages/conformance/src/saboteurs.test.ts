import {
  type EventsPage,
  emailIdentifiers,
  generate,
  type InvId,
  type Membership,
  type OrgId,
  type PageOptions,
} from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { openMemory, testsOf } from "../test/suite.ts";
import type { Open, OpenStore } from "./index.ts";

// The test of the suite: stores broken on purpose, one fault each, and the tests that have to notice.

interface Saboteur {
  readonly fault: string;
  readonly open: Open;
  readonly red: readonly string[];
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** The honest store with something done around every call of a method. */
function around(call: (method: Method, args: unknown[], world: OpenStore, name: string) => Promise<unknown>): Open {
  return async (options) => {
    const world = await openMemory(options);
    const store = new Proxy(world.store, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        return typeof method === "function"
          ? (...args: unknown[]) => call(method.bind(target), args, world, String(name))
          : method;
      },
    });
    return { ...world, store };
  };
}

/** The last argument without one of its keys. */
function without(key: string): Open {
  return around((method, args) => {
    const last = args.at(-1);
    if (args.length < 2 || typeof last !== "object" || last === null) {
      return method(...args);
    }
    const { [key]: _, ...others } = last as Record<string, unknown>;
    return method(...args.slice(0, -1), others);
  });
}

/** An invitation as the table has it. */
async function stored(tables: OpenStore["tables"], invId: InvId): Promise<unknown> {
  const { inv } = await tables();
  return Object.freeze(inv.find(({ id }) => id === invId));
}

const saboteurs: readonly Saboteur[] = [
  {
    fault: "forgets the event",
    async open(options) {
      const world = await openMemory(options);
      return {
        ...world,
        async tables() {
          const tables = await world.tables();
          return { ...tables, evt: tables.evt.filter(({ type }) => type !== "membership.suspended") };
        },
      };
    },
    red: [
      "fixtures > membership/suspend_membership.json > suspend_membership.active.suspended",
      "an accepted mutation is one event, numbered by the organization's version > suspendMembership",
    ],
  },
  {
    fault: "rewrites an event of the past",
    async open(options) {
      const world = await openMemory(options);
      return {
        ...world,
        async tables() {
          const { evt, ...others } = await world.tables();
          return {
            ...others,
            evt: evt.map((event) => (event.seq === 1 ? { ...event, seq: 1, actor: evt.at(-1)?.actor ?? null } : event)),
          };
        },
      };
    },
    red: ["fixtures > membership/self_leave.json > self_leave.member.left"],
  },
  {
    fault: "takes the tuples of other organizations away too",
    async open(options) {
      const world = await openMemory(options);
      return {
        ...world,
        async tables() {
          const tables = await world.tables();
          const isOver = tables.evt.some(({ type }) => type === "org.revoked");
          return { ...tables, tup: isOver ? [] : tables.tup };
        },
      };
    },
    // It asks for no tuple: what is compared of every step notices.
    red: ["fixtures > org/list_orgs.json > list_orgs.all.in_order"],
  },
  {
    fault: "folds the case of identifiers",
    open: (options) => openMemory({ ...options, identifierPolicy: emailIdentifiers }),
    red: ["fixtures > invitation/accept_invitation.json > accept_invitation.identifier_differs.rejected"],
  },
  {
    fault: "writes when it refuses",
    open: around(async (method, args, { store }) => {
      try {
        return await method(...args);
      } catch (error) {
        await store.createOrg(generate("usr"));
        throw error;
      }
    }),
    red: [
      "fixtures > membership/suspend_membership.json > suspend_membership.sole_owner.rejected",
      "an id that was never made is not found > suspendMembership, argument 1",
    ],
  },
  {
    fault: "truncates time to seconds",
    open: ({ clock = () => new Date(), ...options }) =>
      openMemory({ ...options, clock: () => new Date(Math.floor(clock().getTime() / 1000) * 1000) }),
    red: ["fixtures > invitation/create_invitation.json > create_invitation.expiry_after_a_millisecond.pending"],
  },
  {
    fault: "ignores the expected version",
    open: without("expectedVersion"),
    red: [
      "fixtures > common/versions.json > versions.stale_by_member.rejected",
      "a version that is not the organization's is refused, and the call can be made again > addMember",
    ],
  },
  {
    fault: "ignores the idempotency key",
    open: without("idempotencyKey"),
    red: ["a repeated key answers the stored result and writes nothing > addMember"],
  },
  {
    fault: "ignores the status filter",
    open: without("status"),
    red: ["fixtures > membership/list_members.json > list_members.status_filter.matching"],
  },
  {
    fault: "takes the last event that matched for how far it looked",
    open: around(async (method, args, _, name) => {
      const result = await method(...args);
      if (name !== "listEvents") {
        return result;
      }
      const { data, hasMore } = result as EventsPage;
      return Object.freeze({ data, lastSeq: data.at(-1)?.seq ?? 0, hasMore });
    }),
    red: ["fixtures > common/list_events.json > list_events.filtered_parts.last_seq_is_how_far_was_looked"],
  },
  {
    fault: "shows the members of the past as they are now",
    open: around((method, args, { store }, name) =>
      name === "membersAsOf" ? store.listMembers(args[0] as OrgId, args[2] as PageOptions) : method(...args),
    ),
    red: [
      "fixtures > membership/members_as_of.json > members_as_of.one_life.at_every_turn",
      "fixtures > membership/members_as_of.json > members_as_of.entries.as_they_were",
    ],
  },
  {
    fault: "needs a sweep to see what has lapsed",
    open: around((method, args, { tables }, name) =>
      name === "getInvitation" ? stored(tables, args[0] as InvId) : method(...args),
    ),
    red: ["fixtures > invitation/expire_invitations.json > expire_invitations.before_and_after.nobody_can_tell"],
  },
  {
    fault: "is a millisecond ahead of its clock",
    open: ({ clock = () => new Date(), ...options }) =>
      openMemory({ ...options, clock: () => new Date(clock().getTime() + 1) }),
    red: ["fixtures > invitation/expire_invitations.json > expire_invitations.at_last_instant.left_alone"],
  },
  {
    fault: "answers objects that are not frozen",
    open: around(async (method, args) => {
      const result = await method(...args);
      return typeof result === "object" ? { ...result } : result;
    }),
    red: [
      "fixtures > org/suspend_org.json > suspend_org.active.suspended",
      "an answer is frozen and shares nothing with the store > suspendOrg",
    ],
  },
  {
    fault: "answers undefined where nothing is",
    open: around(async (method, args, _, name) => {
      const result = await method(...args);
      return name === "addMember" ? Object.freeze({ ...(result as Membership), removedBy: undefined }) : result;
    }),
    red: ["an answer is frozen and shares nothing with the store > addMember"],
  },
  {
    fault: "keeps what it was given",
    open: around(async (method, args) => {
      await null;
      return method(...args);
    }),
    red: ["changing an argument after the call changes nothing > updateOrg"],
  },
  {
    fault: "tells identifiers in its errors",
    open: around(async (method, args) => {
      try {
        return await method(...args);
      } catch (error) {
        const { invitationIdentifier } = error as { readonly invitationIdentifier?: string };
        throw Object.assign(
          error as Error,
          invitationIdentifier === undefined ? {} : { message: invitationIdentifier },
        );
      }
    }),
    red: [
      "no error tells an identifier or a name > acceptInvitation: precondition.identifier_mismatch",
      "fixtures > invitation/accept_invitation.json > accept_invitation.identifier_differs.rejected",
    ],
  },
  {
    fault: "throws errors of its own",
    open: around(async (method, args) => {
      try {
        return await method(...args);
      } catch (error) {
        throw new Error(String(error));
      }
    }),
    red: [
      "fixtures > org/get_org.json > get_org.unknown.rejected",
      "an id that was never made is not found > getOrg, argument 1",
    ],
  },
];

const honest = testsOf({ open: openMemory });
const wrapped = testsOf({ open: around((method, args) => method(...args)) });

describe.each(saboteurs)("a store that $fault", ({ open, red }) => {
  const tests = testsOf({ open });
  test.each(red)("turns red: %s", async (name) => {
    expect(await honest.get(name)?.()).toBe("passed");
    expect(await wrapped.get(name)?.()).toBe("passed");
    expect(await tests.get(name)?.()).toBe("failed");
  });
});
