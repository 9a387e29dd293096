import type { UsrId } from "@tenantry/core";
import type { Confirm } from "./confirm.ts";
import type { Host } from "./host.ts";
import type { Io } from "./io.ts";
import type { Fields, Values } from "./option.ts";
import type { Output } from "./output.ts";
import type { Exit } from "./problem.ts";

/** A line to type, and what it does. */
export interface Example {
  readonly line: string;
  readonly says: string;
}

/** What is told of a command: its help and its row in the documentation. */
export interface Manual {
  /** As it is typed after `tenantry`. */
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  readonly description: string;
  readonly args: Fields;
  readonly options: Fields;
  readonly examples: readonly Example[];
  /** What is printed, in the words of the documentation: an entity, or a shape. */
  readonly prints: string;
  /** What is asked before anything happens; `null`: nothing. */
  readonly asks: string | null;
}

/** What a command works with. */
export interface Call<A extends Fields, O extends Fields> {
  readonly args: Values<A>;
  readonly options: Values<O>;
  readonly host: Host;
  readonly out: Output;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly confirm: Confirm;
}

/** Most commands end with 0 unless they throw. */
export type Done = Promise<Exit> | Promise<void>;

/** A command as the program knows it, whatever it takes. */
export interface Command extends Manual {
  /** Whether it changes what belongs to an organization, and so needs somebody whom events name. */
  readonly acts: boolean;
  run(call: Call<Fields, Fields>, actor: () => UsrId): Done;
}

interface Spec<A extends Fields, O extends Fields> extends Omit<Manual, "asks"> {
  readonly args: A;
  readonly options: O;
  readonly asks?: string;
}

/** A command that changes no organization. */
export function looking<const A extends Fields, const O extends Fields>(
  spec: Spec<A, O> & { readonly run: (call: Call<A, O>) => Done },
): Command {
  return { asks: null, ...spec, acts: false, run: (call) => spec.run(call as Call<A, O>) };
}

/** A command that does, in the name of somebody. */
export function acting<const A extends Fields, const O extends Fields>(
  spec: Spec<A, O> & { readonly run: (call: Call<A, O> & { readonly actor: UsrId }) => Done },
): Command {
  return {
    asks: null,
    ...spec,
    acts: true,
    run: (call, actor) => spec.run({ ...(call as Call<A, O>), actor: actor() }),
  };
}
