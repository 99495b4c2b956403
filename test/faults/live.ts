export async function liveTable(): Promise<{text: string; failed: boolean}> {
  return {text: '', failed: false};
}
