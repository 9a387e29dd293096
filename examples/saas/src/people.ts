import { idOf, type UsrId, uuidOf } from "@tenantry/core";
import type pg from "pg";
import type { Person } from "./session.ts";

/** Who has which address: the host's table, in no organization. Tenantry knows people by their id alone. */
export interface People {
  remember(person: Person): Promise<void>;
  emails(usrIds: readonly UsrId[]): Promise<ReadonlyMap<UsrId, string>>;
}

export function people(pool: pg.Pool): People {
  return {
    async remember({ usrId, email }) {
      await pool.query("insert into app.people (id, email) values ($1, $2) on conflict do nothing", [
        uuidOf(usrId),
        email,
      ]);
    },
    async emails(usrIds) {
      const ids = [...new Set(usrIds)].map(uuidOf);
      const { rows } = await pool.query<{ id: string; email: string }>(
        "select id, email from app.people where id = any ($1)",
        [ids],
      );
      return new Map(rows.map(({ id, email }) => [idOf("usr", id), email]));
    },
  };
}
