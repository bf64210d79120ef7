// How much of a growth could be mere sampling: the standard error that follows from the sampling
// rate and from the objects born and dead meanwhile. Pure; bytes and bytes squared.
//
// Sampling. An object of size s is sampled with p = 1 - exp(-s/R), R being the mean number of bytes
// between two samples; the profile then shows each sampled object as 1/p objects. A sampled object
// stays sampled until it is freed, so the error of a difference is only that of the objects which
// were born or died in between: per sampled object (s/p)^2 (1 - p).
//
// Trend. A slope fitted over the whole window averages turnover out. Two kinds of samples make its
// error:
//   - those that stay (the growth itself): each arrival is a step of a random walk; the error of
//   slope x length under a random
//     walk of variance v at the end is 1.2 v (generalised from ordinary least squares on a Wiener
//     process);
//   - those that come and go around a level of n: an Ornstein-Uhlenbeck process of variance n whose
//   correlation dies off with
//     the mean lifetime n / (births per second). With u = births / n in the window, var(slope x
//     length) = n T(u), T(u) = 144 * integral over [-1/2, 1/2]^2 of x y exp(-u |x - y|), which
//     is 2.4 u for rare and 24 / u for brisk turnover.
//     Objects of one block size are taken to live about equally long. Where most die young and some
//     live long, the births say nothing of the long-lived and n T(u) is too small, by a factor of 3.5
//     in the worst mixture simulated. Hence nobody decides by it alone: the error that the fit takes
//     from the scatter of the series itself (regression.h), or the spread of replicas, must agree.
//
// Example: R = 512 KiB, small objects: 100 samples (50 MiB) that stay put and 25 that arrive and
// stay over the window: growth 12.5 MiB, standard error sqrt(1.2 * 25) * 0.5 MiB = 2.7 MiB.
#pragma once

#include <cstdint>

namespace heapwatch {

// What Go and V8 sample with unless told otherwise; taken where a profile does not say.
inline constexpr double kUsualSamplingPeriodBytes = 512 * 1024;

// p of the formula above; 1 where every allocation is recorded (R <= 1).
double SamplingProbability(double object_bytes, double period_bytes);

// What one sampled object stands for in bytes, and the variance it brings.
struct SampleUnit {
  double bytes = 0;     // s / p
  double variance = 0;  // (s / p)^2 (1 - p)
};
SampleUnit UnitOf(double object_bytes, double period_bytes);

// Samples of one block size at a site, over a window.
struct SampleCounts {
  double start = 0;  // live at its two ends
  double end = 0;
  double born = 0;  // in between
};

// V of slope times length of a line fitted over the window, in bytes squared.
double TrendVariance(const SampleUnit& unit, const SampleCounts& counts);

// T(u) above.
double TurnoverFactor(double u);

}  // namespace heapwatch
