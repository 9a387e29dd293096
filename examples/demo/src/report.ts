import type { Invitation, Membership, TenancyEvent, Tuple, UsrId } from "@tenantry/core";
import Table from "cli-table3";
import type { createColors } from "picocolors";

export type Colors = ReturnType<typeof createColors>;

/** Turns what the store answers into tables. `name` shows who a user is. */
export interface Reporter {
  members(rows: readonly Membership[]): string;
  invitations(rows: readonly Invitation[]): string;
  tuples(rows: readonly Tuple[]): string;
  events(rows: readonly TenancyEvent[]): string;
  history(rows: readonly Membership[]): string;
}

export function reporter(name: (usrId: UsrId | null) => string, colors: Colors): Reporter {
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
    const drawn = new Table({
      head: head.map((cell) => colors.bold(cell)),
      style: { head: [], border: [], compact: true },
    });
    drawn.push(...rows.map((row) => [...row]));
    return drawn.toString();
  };
  const status = (value: string): string => {
    switch (value) {
      case "active":
      case "accepted":
        return colors.green(value);
      case "pending":
      case "suspended":
        return colors.yellow(value);
      default:
        return colors.dim(value);
    }
  };
  return {
    members: (rows) =>
      table(
        ["person", "role", "status", "since", "invited by", "removed by"],
        rows.map((row) => [
          name(row.usrId),
          row.role,
          status(row.status),
          time(row.createdAt),
          name(row.invitedBy),
          name(row.removedBy),
        ]),
      ),
    invitations: (rows) =>
      table(
        ["to", "role", "status", "by", "grants", "valid until"],
        rows.map((row) => [
          row.identifier,
          row.role,
          status(row.status),
          name(row.invitedBy),
          row.preTuples.map(({ objectId }) => objectId).join(", "),
          time(row.expiresAt),
        ]),
      ),
    tuples: (rows) =>
      table(
        ["subject", "relation", "object"],
        rows.map((row) => [
          name(row.subjectId),
          row.relation,
          row.objectType === "org" ? "this organization" : `${row.objectType} ${row.objectId}`,
        ]),
      ),
    events: (rows) =>
      table(
        ["seq", "what", "who", "about", "when"],
        rows.map((row) => [String(row.seq), row.type, name(row.actor), about(row, name), time(row.at)]),
      ),
    history: (rows) =>
      table(
        ["role", "from", "to", "row", "replaces"],
        rows.map((row) => [
          row.role,
          time(row.createdAt),
          row.status === "revoked" ? time(row.updatedAt) : "now",
          short(row.id),
          row.replaces === null ? "" : short(row.replaces),
        ]),
      ),
  };
}

function about(event: TenancyEvent, name: (usrId: UsrId | null) => string): string {
  if (event.type === "ownership.transferred") {
    return `${name(event.data.from.usrId)} to ${name(event.data.to.usrId)}`;
  }
  const { data } = event;
  const parts = [
    "usrId" in data && data.usrId !== null ? name(data.usrId) : "",
    "from" in data && "to" in data ? `${data.from} to ${data.to}` : "role" in data ? data.role : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function time(instant: Date): string {
  return instant.toISOString().slice(0, 23).replace("T", " ");
}

/** The end of an id: its beginning is a time, and alike in all rows of a moment. */
function short(id: string): string {
  return `…${id.slice(-8)}`;
}
