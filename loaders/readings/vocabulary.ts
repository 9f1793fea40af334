/** The words of the field, as instruments, clouds and standards spell them (OpenTelemetry has UCUM). */

/**
 * Units, by what they measure: how each is spelled, the first being how it is told, and what it is to the package of
 * units (mathjs). Columns of mercury and of water are as NIST SP 811 has them, which the package rounds or has not;
 * gallons are those of the United States, 231 cubic inches.
 */
export const units: Readonly<Record<string, readonly (readonly [spellings: string, measure: string])[]>> = {
  temperature: [
    ["C °C degC deg_C Celsius Cel", "1 degC"],
    ["K Kelvin", "1 K"],
    ["F °F degF deg_F Fahrenheit [degF]", "1 degF"]
  ],
  length: [
    ["m meter meters metre metres", "1 m"],
    ["cm", "1 cm"],
    ["mm", "1 mm"],
    ["km", "1 km"],
    ["ft foot feet [ft_i]", "1 ft"],
    ["in inch inches [in_i]", "1 in"],
    ["yd yard yards [yd_i]", "1 yd"],
    ["fathom fathoms [fth_i]", "6 ft"],
    ["mi mile miles [mi_i]", "1 mi"],
    ["nmi [nmi_i]", "1852 m"]
  ],
  pressure: [
    ["Pa", "1 Pa"],
    ["hPa mbar", "1 hPa"],
    ["kPa", "1 kPa"],
    ["dbar", "1 dbar"],
    ["bar", "1 bar"],
    ["atm", "1 atm"],
    ["psi PSI [psi]", "1 lbf/in^2"],
    ["mmHg mm_Hg mm[Hg] Torr torr", "133.322387415 Pa"],
    ["inHg in_Hg [in_i'Hg]", "3386.388640341 Pa"],
    ["cmH2O cm_H2O cm[H2O]", "98.0665 Pa"],
    ["inH2O in_H2O [in_i'H2O]", "249.08891 Pa"]
  ],
  conductivity: [
    ["S/m", "1 S/m"],
    ["mS/cm", "1 mS/cm"],
    ["dS/m", "1 dS/m"],
    ["µS/cm μS/cm uS/cm", "1 uS/cm"] // both letters that look like mu
  ],
  resistivity: [
    ["Ω-m Ω·m ohm-m", "1 ohm m"],
    ["Ω-cm Ω·cm ohm-cm", "1 ohm cm"]
  ],
  "mass in a volume": [
    ["mg/L mg/l ppm [ppm]", "1 mg/L"], // parts per million of water that is nearly fresh
    ["µg/L μg/L ug/L ug/l ppb [ppb] mg/m³ mg/m3", "1 ug/L"],
    ["ng/L ng/l", "1 ng/L"],
    ["g/L g/l", "1 g/L"],
    ["kg/m³ kg/m3", "1 kg/m^3"],
    ["g/cm³ g/cm3", "1 g/cm^3"]
  ],
  "amount in a volume": [
    ["mol/L mol/l", "1 mol/L"],
    ["mmol/L mmol/l", "1 mmol/L"],
    ["µmol/L μmol/L umol/L umol/l", "1 umol/L"]
  ],
  speed: [
    ["m/s", "1 m/s"],
    ["cm/s", "1 cm/s"],
    ["km/h", "1 km/h"],
    ["mm/s", "1 mm/s"],
    ["kn kt knot knots [kn_i]", "1852 m/h"],
    ["mph mi/h [mi_i]/h", "1 mi/h"],
    ["ft/s [ft_i]/s", "1 ft/s"],
    ["mm/h mm/hr", "1 mm/h"],
    ["in/h in/hr [in_i]/h", "1 in/h"]
  ],
  flow: [
    ["m³/s m3/s cms", "1 m^3/s"],
    ["m³/h m3/h", "1 m^3/h"],
    ["m³/d m3/d", "1 m^3/day"],
    ["L/s l/s", "1 L/s"],
    ["L/min l/min lpm", "1 L/min"],
    ["ft³/s ft3/s cfs", "1 ft^3/s"],
    ["gal/min gpm [gal_us]/min", "231 in^3/min"],
    ["Mgal/d MGD mgd", "231e6 in^3/day"]
  ],
  volume: [
    ["m³ m3", "1 m^3"],
    ["L l", "1 L"],
    ["mL ml", "1 mL"],
    ["ft³ ft3", "1 ft^3"],
    ["gal [gal_us]", "231 in^3"],
    ["ac-ft acre-ft", "43560 ft^3"]
  ],
  time: [
    ["s sec", "1 s"],
    ["ms", "1 ms"],
    ["min", "1 min"],
    ["h hr", "1 h"],
    ["d day days", "1 day"]
  ],
  angle: [
    ["° deg", "1 deg"],
    ["rad", "1 rad"]
  ],
  voltage: [
    ["V", "1 V"],
    ["mV", "1 mV"]
  ],
  current: [
    ["A", "1 A"],
    ["mA", "1 mA"]
  ],
  irradiance: [["W/m² W/m2", "1 W/m^2"]]
};

/**
 * What a procedure defines and no unit does: each is told in itself alone. Turbidity in NTU is white light and in FNU
 * infrared (ISO 7027), practical salinity is a ratio of conductivities (PSS-78), % of saturation asks for the
 * temperature, and to the package pH would be a picohenry.
 */
export const scales: readonly string[] = ["pH", "psu PSU PSS-78", "%_sat %sat %_saturation", "%", "NTU", "FNU", "RFU"];

/**
 * Parameters that have several names, in HydroVu's words, those of exports of In-Situ, YSI, Onset and Campbell, and of the
 * CF conventions; what they are told in: a unit of that kind, or on that scale. Only what means the same stands in one
 * row: not specific and actual conductivity (a mere "Conductivity" may be either), the temperature of water and of air,
 * oxygen in mg/L and in % of saturation, chlorophyll and chlorophyll a. Capital letters, spaces and underscores tell no names apart.
 */
export const parameters: readonly (readonly [names: readonly string[], toldIn: readonly string[]])[] = [
  [["Temperature", "Temp"], ["temperature"]],
  [["Water Temperature", "Water Temp", "WTemp", "sea_water_temperature"], ["temperature"]],
  [["Air Temperature", "Air Temp", "AirTemp"], ["temperature"]],
  [["DO", "Dissolved Oxygen", "ODO", "RDO"], ["mass in a volume"]],
  [
    ["% Saturation O₂", "% Saturation O2", "DO Saturation", "Dissolved Oxygen Saturation"],
    ["%_sat", "%"]
  ],
  [["Specific Conductivity", "Specific Conductance", "SpCond", "SPC"], ["conductivity"]],
  [["Actual Conductivity", "Cond", "sea_water_electrical_conductivity"], ["conductivity"]],
  [["Salinity", "Sal", "Practical Salinity", "sea_water_practical_salinity"], ["psu"]],
  [["Total Dissolved Solids", "TDS"], ["mass in a volume"]],
  [["Total Suspended Solids", "TSS"], ["mass in a volume"]],
  [
    ["Turbidity", "Turb", "sea_water_turbidity"],
    ["NTU", "FNU"]
  ],
  [["ORP", "Oxidation Reduction Potential"], ["voltage"]],
  [
    ["Chlorophyll", "Chl", "mass_concentration_of_chlorophyll_in_sea_water"],
    ["mass in a volume", "RFU"]
  ],
  [
    ["Chl-a Concentration", "Chlorophyll a", "Chl-a", "mass_concentration_of_chlorophyll_a_in_sea_water"],
    ["mass in a volume"]
  ],
  [["Pressure", "Press"], ["pressure"]],
  [["Baro", "Barometer", "Barometric Pressure", "air_pressure"], ["pressure"]],
  [["Battery", "Battery Voltage", "Batt", "BattV"], ["voltage"]],
  [["Wind Speed", "WindSpeed"], ["speed"]],
  [["Wind Direction", "WindDirection", "Wind Dir", "WindDir", "wind_from_direction"], ["angle"]],
  [["Relative Humidity", "RH"], ["%"]]
];

/** What readers may choose between; where one is told, so are the others. */
export const choices: readonly (readonly string[])[] = [
  ["C", "F"],
  ["m", "ft"],
  ["cm", "in"],
  ["m/s", "kn", "mph"],
  ["dbar", "kPa", "psi"],
  ["hPa", "mmHg", "inHg"],
  ["mS/cm", "µS/cm"],
  ["m³/s", "ft³/s"]
];
