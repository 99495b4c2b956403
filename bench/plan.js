/** How much of everything: set once, from the command line. */
let plan = {isQuick: false, rounds: undefined, ticks: undefined};

export const usePlan = (wanted) => void (plan = wanted);

export const isQuick = () => plan.isQuick;

/** How many rounds that count: what was asked for, else what the case needs. */
export const roundsOf = (full, quick = Math.ceil(full / 3)) => plan.rounds ?? (plan.isQuick ? quick : full);

export const ticks = () => plan.ticks ?? (plan.isQuick ? 10_000 : 50_000);
