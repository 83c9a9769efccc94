/**
 * What a program writes for a terminal, as text with colours. Colours are the eight that the theme has, whatever the
 * program asks for, so that they can be read on any background; everything else that a terminal obeys is left out.
 */
export interface Piece {
  text: string;
  /** Names of classes, separated by spaces. */
  look: string;
  hit?: boolean;
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
type Colour = (typeof COLOURS)[number];

// CSI with its parameters and its end; OSC, DCS and such up to their end; any other escape.
// eslint-disable-next-line no-control-regex
const SEQUENCE = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]?/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/g;

interface Look {
  colour?: Colour | undefined;
  ground?: Colour | undefined;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
}

const PLAIN: Look = { bold: false, dim: false, italic: false, underline: false, inverse: false };

/** The text alone. */
export function plain(text: string): string {
  if (text.search(CONTROL) < 0) return text;
  return visible(text.replace(SEQUENCE, ''));
}

/** The text in pieces of one look each. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let look = { ...PLAIN };
  let from = 0;
  const add = (to: number) => {
    if (to > from) found.push({ text: visible(text.slice(from, to)), look: classes(look) });
  };
  for (const sequence of text.matchAll(SEQUENCE)) {
    add(sequence.index);
    from = sequence.index + sequence[0].length;
    if (sequence[2] === 'm') look = changed(look, sequence[1]!);
  }
  add(text.length);
  return found;
}

/** The pieces, cut where `wanted` (in lower case) is found in them; those of a hit are marked. */
export function marked(found: readonly Piece[], wanted: string): readonly Piece[] {
  if (!wanted) return found;
  const hits = hitsIn(found.map((piece) => piece.text).join(''), wanted);
  const cut: Piece[] = [];
  let begin = 0;
  for (const piece of found) {
    const end = begin + piece.text.length;
    let at = begin;
    for (const [from, to] of hits) {
      if (to <= at || from >= end) continue;
      if (from > at) cut.push({ text: piece.text.slice(at - begin, from - begin), look: piece.look });
      at = Math.max(at, from);
      cut.push({ text: piece.text.slice(at - begin, Math.min(to, end) - begin), look: piece.look, hit: true });
      at = Math.min(to, end);
    }
    if (at < end) cut.push({ text: piece.text.slice(at - begin), look: piece.look });
    begin = end;
  }
  return cut;
}

function hitsIn(text: string, wanted: string): [number, number][] {
  const lower = text.toLowerCase();
  const hits: [number, number][] = [];
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
    hits.push([at, at + wanted.length]);
  }
  return hits;
}

/** Control characters as the pictures that Unicode has for them, but for tabs and what ends a line. */
function visible(text: string): string {
  return text
    .replace(/\r+$/, '')
    .replace(CONTROL, (each) => String.fromCharCode(each === '\x7f' ? 0x2421 : 0x2400 + each.charCodeAt(0)));
}

function classes({ colour, ground, bold, dim, italic, underline, inverse }: Look): string {
  const [fore, back] = inverse ? [undefined, colour ?? 'white'] : [colour, ground];
  const names = [back ? `on-${back}` : fore, bold && 'bold', dim && 'dim', italic && 'italic'];
  return [...names, underline && 'underline'].filter(Boolean).join(' ');
}

/** Select Graphic Rendition. */
function changed(before: Look, parameters: string): Look {
  let look = { ...before };
  const codes = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at]!;
    if (code === 0) look = { ...PLAIN };
    else if (code === 1) look.bold = true;
    else if (code === 2) look.dim = true;
    else if (code === 3) look.italic = true;
    else if (code === 4) look.underline = true;
    else if (code === 7) look.inverse = true;
    else if (code === 22) look.bold = look.dim = false;
    else if (code === 23) look.italic = false;
    else if (code === 24) look.underline = false;
    else if (code === 27) look.inverse = false;
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(at + 1));
      look[code === 38 ? 'colour' : 'ground'] = colour;
      at += used;
    } else if (code === 39) look.colour = undefined;
    else if (code === 49) look.ground = undefined;
    else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) look.colour = COLOURS[code % 10];
    else if ((code >= 40 && code < 48) || (code >= 100 && code < 108)) look.ground = COLOURS[code % 10];
  }
  return look;
}

/** `5;N` or `2;R;G;B`: the colour, and how many codes that were. */
function extended(codes: number[]): [Colour | undefined, number] {
  const [kind, ...rest] = codes;
  if (kind === 2) return [nearest(rest[0] ?? 0, rest[1] ?? 0, rest[2] ?? 0), 4];
  if (kind !== 5) return [undefined, codes.length];
  const index = rest[0] ?? 0;
  if (index < 16) return [COLOURS[index % 8], 2];
  if (index >= 232) return [index < 240 ? 'black' : 'white', 2];
  const part = (weight: number) => 51 * (Math.floor((index - 16) / weight) % 6);
  return [nearest(part(36), part(6), part(1)), 2];
}

function nearest(red: number, green: number, blue: number): Colour {
  const [high, low] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  if (high - low < 40) return high < 100 ? 'black' : 'white';
  const turn =
    high === red
      ? (green - blue) / (high - low)
      : high === green
        ? 2 + (blue - red) / (high - low)
        : 4 + (red - green) / (high - low);
  const hue = (turn * 60 + 360) % 360;
  if (hue < 20 || hue >= 335) return 'red';
  if (hue < 75) return 'yellow';
  if (hue < 160) return 'green';
  if (hue < 200) return 'cyan';
  return hue < 260 ? 'blue' : 'magenta';
}
