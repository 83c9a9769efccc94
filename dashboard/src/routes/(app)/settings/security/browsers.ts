/** What a browser calls itself, as people call it. */
import { t } from '$lib/texts';

// The more special ones first: all call themselves by the names of those below as well.
const BROWSERS: readonly [RegExp, string][] = [
  [/Edg[A-Z]*\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

export function browserOf(userAgent: string): string {
  const found = (of: readonly [RegExp, string][]) => of.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [browser, system] = [found(BROWSERS), found(SYSTEMS)];
  if (!browser && !system) return userAgent.slice(0, 60) || t.settings.sessions.unknown;
  return browser && system ? t.settings.sessions.on(browser, system) : (browser ?? system)!;
}
