import { type Field, flag, text } from "./option.ts";

/** What every command takes. */
export const COMMON: {
  readonly json: Field<boolean>;
  readonly quiet: Field<boolean>;
  readonly config: Field<string | undefined>;
} = {
  json: flag("print one JSON document, of lists an object per line"),
  quiet: flag("print results and refusals only"),
  config: text("file", "the configuration (tenantry.config.js or .mjs of this folder)"),
};

/** What a command takes that needs somebody whom events name. */
export const ACTING: { readonly actor: Field<string | undefined> } = {
  actor: text("usr", "who does it, usr_…: events name them (TENANTRY_ACTOR)"),
};

/** What a command takes that asks first. */
export const ASKING: { readonly yes: Field<boolean>; readonly confirm: Field<string | undefined> } = {
  yes: flag("ask nothing; needs --confirm"),
  confirm: text("text", "what would be typed; needs --yes"),
};
