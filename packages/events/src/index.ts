export type { Attribution } from "./attribution.ts";
export { type Audit, type AuditQuery, createAudit, domainEntity, settingEntity } from "./audit.ts";
export type { Log, LogEntry } from "./log.ts";
export {
  createEvents,
  type EventSource,
  type Events,
  type EventsOptions,
  HandlerHangs,
  type SubscribeFilter,
} from "./subscribe.ts";
export type { Timers } from "./timers.ts";
