/** Why a test can't run on this machine. What is missing can be installed, or it can't: a kernel feature, a right. */
export interface Lack {
  readonly why: string;
  readonly isInstallable: boolean;
}

/** A lack that nothing installed would help against. @param isThere whether there is none */
export const unless = (isThere: boolean, why: string): Lack | undefined =>
  isThere ? undefined : {why, isInstallable: false};
