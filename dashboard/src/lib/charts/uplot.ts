/** The library that draws charts, in a file of its own: it is loaded where there is a chart. */
import 'uplot/dist/uPlot.min.css';

export { default } from 'uplot';
