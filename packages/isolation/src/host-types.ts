/** What stands for a host's own type where nothing else fits both sides of a function. */
// biome-ignore lint/suspicious/noExplicitAny: a parameter of `unknown` takes no function of the host's, `never` gives none
export type HostType = any;
