export async function injectionTable(): Promise<{text: string; failed: boolean}> {
  return {text: '', failed: false};
}
