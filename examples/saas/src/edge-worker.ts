import { worker } from "./edge.ts";

/** A third entry: the API as a worker, on Neon's HTTP. */
export default worker;
