/** performance.now(): ms since Node started. */
export const msSinceStart = () => process.uptime() * 1000;
