/** Takes what is worth telling to whoever runs the program. */
export type Log = (line: { level: 'info' | 'warn' | 'error'; message: string }) => void;
