import { run, type Task } from "./run.ts";

// For runtimes that run a file: the bundler writes the task into it.
declare const TASK: Task;

console.log(JSON.stringify(await run(TASK)));
