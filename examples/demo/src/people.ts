import { deriveUsrId, type UsrId } from "@tenantry/core";

// The application knows its users; Tenancy sees an id. Here both are derived from a name, so that every run meets the
// same people again without a table of its own.

const NAMESPACE = "0190f2a8-1b3c-7abc-8123-456789abcdef";
const NEWCOMERS = ["Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy", "Kim", "Lena", "Mallory"];

export interface Person {
  readonly name: string;
  readonly usrId: UsrId;
  readonly email: string;
}

export function person(name: string): Person {
  const login = name.toLowerCase().replaceAll(" ", "-");
  return { name, usrId: deriveUsrId(NAMESPACE, login), email: `${login}@example.com` };
}

export const founder: Person = person("Alice");

/** The three people who join in a run, the first of which is run 1. */
export function newcomers(run: number): readonly [Person, Person, Person] {
  const pick = (place: number): Person => {
    const index = (run - 1) * 3 + place;
    const round = Math.floor(index / NEWCOMERS.length);
    return person(`${NEWCOMERS[index % NEWCOMERS.length]}${round === 0 ? "" : ` ${round + 1}`}`);
  };
  return [pick(0), pick(1), pick(2)];
}

/** Names by id for everybody who joined up to a run. */
export function directory(runs: number): ReadonlyMap<string, string> {
  const everybody = [founder, ...Array.from({ length: runs }, (_, run) => newcomers(run + 1)).flat()];
  return new Map(everybody.map(({ usrId, name }) => [usrId, name]));
}
