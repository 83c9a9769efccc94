/**
 * What a file called `.env` says, as programs that read such files understand it: `NAME=value` in lines, `export` before
 * it, comments, quotes of three kinds, values of several lines in quotes, escapes in double quotes. Nothing is expanded:
 * `$NAME` stays as it is.
 */
export interface Entry {
  line: number;
  name: string;
  value: string;
}

export type Mistake = 'noEquals' | 'badName' | 'unclosed' | 'afterQuote' | 'twice';

export interface Parsed {
  entries: Entry[];
  mistakes: { line: number; kind: Mistake; what: string }[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$', '`': '`' };

export function parse(text: string): Parsed {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const parsed: Parsed = { entries: [], mistakes: [] };
  const seen = new Map<string, Entry>();
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    const mistake = (kind: Mistake, what: string) => parsed.mistakes.push({ line, kind, what });
    const statement = lines[at]!.trim().replace(/^export\s+/, '');
    if (!statement || statement.startsWith('#')) continue;
    const equals = statement.indexOf('=');
    if (equals < 0) {
      mistake('noEquals', statement);
      continue;
    }
    const name = statement.slice(0, equals).trim();
    const read = valueOf(statement.slice(equals + 1).trimStart(), lines.slice(at + 1));
    // After a quote that nothing closes, the next lines are read as lines.
    if (read.mistake !== 'unclosed') at += read.more;
    if (!NAME.test(name)) mistake('badName', name);
    else if (read.mistake) mistake(read.mistake, name);
    else {
      // As everywhere, the last one counts.
      if (seen.has(name)) mistake('twice', name);
      const entry = { line, name, value: read.value };
      parsed.entries = parsed.entries.filter((each) => each.name !== name).concat(entry);
      seen.set(name, entry);
    }
  }
  return parsed;
}

interface Read {
  value: string;
  /** How many lines it takes beyond its first. */
  more: number;
  mistake?: Mistake;
}

function valueOf(first: string, rest: readonly string[]): Read {
  const quote = first[0];
  if (quote !== '"' && quote !== "'" && quote !== '`') return { value: bare(first), more: 0 };
  const all = [first.slice(1), ...rest].join('\n');
  const end = closing(all, quote);
  if (end < 0) return { value: '', more: 0, mistake: 'unclosed' };
  const inside = all.slice(0, end);
  const more = inside.split('\n').length - 1;
  const after = all
    .slice(end + 1)
    .split('\n', 1)[0]!
    .trim();
  const value =
    quote === '"' ? inside.replace(/\\([\s\S])/g, (whole, each: string) => ESCAPES[each] ?? whole) : inside;
  return after && !after.startsWith('#') ? { value, more, mistake: 'afterQuote' } : { value, more };
}

/** Without quotes: up to a `#` that follows a space. */
function bare(text: string): string {
  return text.startsWith('#') ? '' : text.replace(/\s#.*$/, '').trim();
}

function closing(text: string, quote: string): number {
  for (let at = 0; at < text.length; at += 1) {
    if (quote === '"' && text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}
