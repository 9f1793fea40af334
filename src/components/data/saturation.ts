/**
 * The oxygen that water holds at equilibrium with air of one atmosphere, mg/L, by its temperature (°C) and salinity:
 * Benson and Krause, "The concentration and isotopic fractionation of oxygen dissolved in freshwater and seawater in
 * equilibrium with the atmosphere", 1984, equations as in USGS Office of Water Quality Technical Memorandum 2011.03.
 */
export function saturationOf(temperature: number, salinity: number): number {
  const kelvin = temperature + 273.15;
  const fresh = -139.34411 + 1.575701e5 / kelvin - 6.642308e7 / kelvin ** 2 + 1.2438e10 / kelvin ** 3;
  const salt = salinity * (0.017674 - 10.754 / kelvin + 2140.7 / kelvin ** 2);
  return Math.exp(fresh - 8.621949e11 / kelvin ** 4 - salt);
}
