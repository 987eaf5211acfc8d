/** Where this package keeps what it fetched or built for a user. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What {@link cacheDirectory} goes by; the process's own by default. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
}

/**
 * The user's cache folder for this package: `$XDG_CACHE_HOME/genal`, or `%LOCALAPPDATA%\genal` on Windows,
 * `~/Library/Caches/genal` on macOS, `~/.cache/genal` elsewhere.
 */
export function cacheDirectory({
  env = process.env,
  platform = process.platform,
  home = homedir(),
}: Surroundings = {}): string {
  const xdg = env.XDG_CACHE_HOME;
  // The XDG specification has relative paths ignored.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'genal');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'genal');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'genal');
  return join(home, '.cache', 'genal');
}
