export {
  type Enter,
  LeakError,
  type LeakPool,
  type LeakQuery,
  type LeakRow,
  type LeakTestOptions,
} from "./leaks/bench.ts";
export { type LeakCase, leakTest } from "./leaks/leak-test.ts";
