/** All that the dashboard says. Another language is another object of the same shape. */
import { en } from './en';

export type Texts = typeof en;

export const t: Texts = en;
