/** The first line of an error's message: reasons are told in one sentence. */
export function oneSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').trim();
}
