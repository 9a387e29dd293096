export const open = 42;
