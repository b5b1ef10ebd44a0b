/** The part of plotly.js for Cartesian plots, as a script that a page loads once. */

import Plotly from "plotly.js-cartesian-dist-min";

export default Plotly;
