/** How much of everything is done: set once, from the command line. */
let plan = {isQuick: false, rounds: undefined, ticks: undefined};

export const usePlan = (wanted) => void (plan = wanted);

export const isQuick = () => plan.isQuick;

/** The number of rounds that count: what was asked for, else what the case needs. */
export const roundsOf = (full, quick = Math.ceil(full / 3)) => plan.rounds ?? (plan.isQuick ? quick : full);

/** The ms for the rounds of one comparison; no limit if the number of rounds was asked for. */
export const turnsLimit = () => (plan.rounds ? Infinity : plan.isQuick ? 4000 : 20_000);

export const ticks = () => plan.ticks ?? (plan.isQuick ? 10_000 : 50_000);
