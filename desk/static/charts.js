"use strict";
/* Bars, on Today and in reports; several series stand one upon the other. What they show is in the
   page as JSON, worded already; the same numbers are in a table. */
document.addEventListener("DOMContentLoaded", () => {
  if (!window.Chart) return;
  const paint = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colours = ["#8390dc", paint("--dk-open-t"), paint("--dk-due-b"), paint("--dk-late-b")];
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    const told = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const many = told.series.length > 1;
    const small = { color: paint("--dk-muted"), font: { size: 11 } };
    new window.Chart(canvas, {
      type: "bar",
      data: {
        labels: told.labels,
        datasets: told.series.map((each, no) => ({
          label: each.name, data: each.values.map(Number), borderRadius: 2, maxBarThickness: 64,
          backgroundColor: told.labels.map((_, at) => (at === told.accent && !no ? paint("--dk-accent") : colours[no])),
        })),
      },
      options: {
        animation: false, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
        plugins: {
          legend: { display: false },
          tooltip: {
            displayColors: many,
            callbacks: {
              title: ([item]) => told.titles[item.dataIndex],
              label: ({ datasetIndex, dataIndex }) => {
                const { name, values } = told.series[datasetIndex];
                return `${many ? `${name}: ` : ""}${values[dataIndex]} ${told.unit}`;
              },
            },
          },
        },
        scales: {
          x: {
            stacked: true, grid: { display: false },
            ticks: { ...small, maxRotation: 0, autoSkip: told.thinned, autoSkipPadding: 12 },
          },
          y: { stacked: true, beginAtZero: true, border: { display: false }, ticks: { ...small, precision: told.unit ? undefined : 0, maxTicksLimit: told.thinned ? 6 : 3 } },
        },
      },
    });
  }
});
