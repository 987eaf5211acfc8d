/** A problem with what a user asked for: it is shown as it is, without a stack. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
