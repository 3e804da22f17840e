/** uPlot as the page loads it: its own file, copied beside the page's modules when the page is built. */
export { default } from 'uplot'
