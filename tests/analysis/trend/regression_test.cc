#include "analysis/trend/regression.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <numbers>
#include <random>
#include <sstream>
#include <vector>

#include "analysis/trend/plateau.h"
#include "tests/support/paths.h"

namespace heapwatch {
namespace {

constexpr double kAnyRise = -std::numeric_limits<double>::infinity();

struct Line {
  double slope;
  double standard_error;
};

double Dot(const std::vector<PerShare>& a, const std::vector<PerShare>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i](0) * b[i](0);
  return sum;
}

// The fit of `y` on columns whose noise has one walk share.
struct OneFit {
  Fit fit;
  NormalEquations equations;
  double standard_error(std::size_t i) const {
    return std::sqrt(fit.residual_variance * equations.inverse[i][i](0));
  }
};

OneFit FitColumns(const std::vector<double>& times, const std::vector<std::vector<double>>& x,
                  const std::vector<double>& y, double walk_share) {
  const Whitener whitener(times, 1, PerShare::Constant(walk_share));
  const std::vector<PerShare> wy = whitener.Apply(y);
  WhitenedSeries series{
      .moments = {}, .square = PerShare::Constant(Dot(wy, wy)), .rows = wy.size()};
  std::vector<std::vector<PerShare>> wx;
  std::vector<std::size_t> columns;
  for (const std::vector<double>& column : x) {
    columns.push_back(wx.size());
    wx.push_back(whitener.Apply(column));
    series.moments.push_back(PerShare::Constant(Dot(wx.back(), wy)));
  }
  OneFit out;
  out.equations = MakeNormalEquations(columns, [&](std::size_t i, std::size_t j) {
    return PerShare(PerShare::Constant(Dot(wx[i], wx[j])));
  });
  EXPECT_TRUE(out.equations.valid.all());
  out.fit = Solve(out.equations, series, 0, whitener.log_determinant()(0), 1e-30);
  return out;
}

Line FitLine(const std::vector<double>& x, const std::vector<double>& y, double walk_share) {
  const OneFit line = FitColumns(x, {x}, y, walk_share);
  return {line.fit.coefficient[0], line.standard_error(0)};
}

TEST(Regression, WithoutAWalkIsOrdinaryLeastSquares) {
  // By hand: Sxy / Sxx = 19.7 / 10, and the root of (sum of squared residuals / 3) / Sxx.
  const std::vector<double> x = {0, 1, 2, 3, 4};
  const std::vector<double> y = {0.1, 1.9, 4.2, 5.8, 8.0};
  const Line line = FitLine(x, y, 0);
  EXPECT_NEAR(line.slope, 1.97, 1e-9);
  EXPECT_NEAR(line.standard_error, 0.0550757, 1e-6);
}

TEST(Regression, AgreesWithTheCertifiedValuesOfNistsNorris) {
  std::ifstream in(InSource("../shared/data/reference/nist-strd-linear.json"));
  if (!in) GTEST_SKIP() << "needs the reference data beside the checkout";
  std::stringstream text;
  text << in.rdbuf();
  const auto root = boost::json::parse(text.str());
  const auto& norris = root.as_object().at("Norris").as_object();
  std::vector<double> x;
  std::vector<double> y;
  for (const auto& v : norris.at("x").as_array()) x.push_back(v.as_array()[0].to_number<double>());
  for (const auto& v : norris.at("y").as_array()) y.push_back(v.to_number<double>());
  const Line line = FitLine(x, y, 0);
  // The certified figures of NIST StRD, Norris, B1.
  EXPECT_NEAR(line.slope, 1.00211681802045, 1e-10);
  EXPECT_NEAR(line.standard_error, 0.429796848199937e-3, 1e-10);
}

// Two columns: a square that is all but collinear with its root.
TEST(Regression, AgreesWithTheCertifiedValuesOfNistsPontius) {
  std::ifstream in(InSource("../shared/data/reference/nist-strd-linear.json"));
  if (!in) GTEST_SKIP() << "needs the reference data beside the checkout";
  std::stringstream text;
  text << in.rdbuf();
  const auto root = boost::json::parse(text.str());
  const auto& pontius = root.as_object().at("Pontius").as_object();
  std::vector<double> y;
  std::vector<std::vector<double>> x(2);
  for (const auto& v : pontius.at("x").as_array()) {
    // Scaled, as the courses are, to [0, 3].
    x[0].push_back(v.as_array()[0].to_number<double>() / 1e6);
    x[1].push_back(x[0].back() * x[0].back());
  }
  for (const auto& v : pontius.at("y").as_array()) y.push_back(v.to_number<double>());
  std::vector<double> order(y.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<double>(i);
  const OneFit fitted = FitColumns(order, x, y, 0);
  const auto& params = pontius.at("params").as_object();
  const auto certified = [&](const char* name, std::size_t i) {
    return params.at(name).as_array()[i].to_number<double>();
  };
  EXPECT_NEAR(fitted.fit.coefficient[0] / (certified("B1", 0) * 1e6), 1, 1e-9);
  EXPECT_NEAR(fitted.fit.coefficient[1] / (certified("B2", 0) * 1e12), 1, 1e-7);
  EXPECT_NEAR(fitted.standard_error(0) / (certified("B1", 1) * 1e6), 1, 1e-5);
}

TEST(CourseBook, WithAnotherLoadIsTheBookMadeWithThatLoad) {
  std::vector<double> seconds;
  std::vector<double> load;
  std::vector<double> other;
  std::vector<double> other_work = {0};
  std::vector<double> values;
  for (int k = 0; k < 48; ++k) {
    seconds.push_back(600.0 * k);
    load.push_back(1 + 0.3 * std::sin(k / 5.0));
    other.push_back(1 + 0.5 * std::sin(k / 7.0));
    if (k > 0) other_work.push_back(other_work.back() + 600 * other.back());
    values.push_back(1e6 * (0.05 * k + 3 * other.back() + 0.02 * std::sin(k * 1.7)));
  }
  CourseBook book(seconds, 1, load, seconds);
  book.SetLoad(other, other_work);
  const auto changed = book.Compare(values, 1, kAnyRise);
  const auto fresh = CourseBook(seconds, 1, other, other_work).Compare(values, 1, kAnyRise);
  ASSERT_TRUE(changed && fresh);
  EXPECT_EQ(changed->best.course, fresh->best.course);
  EXPECT_EQ(changed->swing, Swing::kWithLoad);
  EXPECT_NEAR(changed->best.end_slope, fresh->best.end_slope, 1e-9 * fresh->best.end_slope);
  EXPECT_NEAR(changed->bic_flat, fresh->bic_flat, 1e-6);
  EXPECT_NEAR(changed->bic_going_on, fresh->bic_going_on, 1e-6);
}

TEST(Regression, OfARandomWalkIsTheMeanStepWhereAllIsWalk) {
  // With nothing but a walk only the two ends matter: the slope is the mean step.
  const std::vector<double> x = {0, 1, 2, 3, 4};
  const std::vector<double> y = {0, 5, 1, 9, 8};
  EXPECT_NEAR(FitLine(x, y, 1).slope, 2, 1e-6);
}

std::vector<double> Times(std::size_t n) {
  std::vector<double> t;
  for (std::size_t i = 0; i < n; ++i) t.push_back(static_cast<double>(i) * 60);
  return t;
}

// The slope of a line through pure noise, over its standard error: its standard deviation over many
// series.
template <class Next>
double SpreadOfZ(double observations_per_bin, Next next) {
  const CourseBook book(Times(64), observations_per_bin, {}, {});
  double squares = 0;
  constexpr int kSeries = 4000;
  for (int w = 0; w < kSeries; ++w) {
    std::vector<double> y;
    while (y.size() < 64) y.push_back(next());
    const auto shape = book.Compare(y, 1e-9, kAnyRise);
    const CourseFit& line = shape->line;
    squares += std::pow(line.end_slope / line.end_slope_error, 2);
  }
  return std::sqrt(squares / kSeries);
}

// Ordinary least squares has 4.5 on walks. The share of the walk is estimated with the rest, which
// costs up to a seventh.
TEST(CourseBook, IsCalibratedOnNoiseWithoutATrend) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> step(0, 1);
  EXPECT_NEAR(SpreadOfZ(1, [&] { return step(random); }), 1, 0.05) << "white";
  double level = 0;
  const auto walk = [&] { return level += step(random); };
  EXPECT_NEAR(SpreadOfZ(1, walk), 1, 0.15) << "walk";
  double coming_and_going = 0;
  const auto correlated = [&] { return coming_and_going = 0.5 * coming_and_going + step(random); };
  EXPECT_NEAR(SpreadOfZ(1, correlated), 1, 0.15) << "correlated";
  const auto mean_of_ten = [&] {
    double sum = 0;
    for (int i = 0; i < 10; ++i) sum += walk();
    return sum / 10;
  };
  EXPECT_NEAR(SpreadOfZ(10, mean_of_ten), 1, 0.15) << "means of a walk";
  EXPECT_GT(SpreadOfZ(1, mean_of_ten), 1.2) << "means of a walk taken for a walk";
}

struct Shape {
  const char* name;
  double (*course)(double t);  // t in [0, 1]
  bool goes_on;
};

TEST(CourseBook, TellsWhatLevelsOffFromWhatGoesOn) {
  const Shape shapes[] = {
      {"line", [](double t) { return 100 * t; }, true},
      {"late ramp", [](double t) { return 150 * std::max(0.0, t - 0.5); }, true},
      {"warm-up on a line", [](double t) { return 60 * -std::expm1(-t / 0.1) + 80 * t; }, true},
      {"saturating", [](double t) { return 100 * -std::expm1(-t / 0.25); }, false},
      {"ramp then flat", [](double t) { return 100 * std::min(t, 0.6); }, false},
      {"step", [](double t) { return t < 0.4 ? 0.0 : 80.0; }, false},
  };
  std::mt19937_64 random(5);
  std::normal_distribution<double> noise(0, 2);
  const std::vector<double> times = Times(64);
  const CourseBook book(times, 1, {}, {});
  for (const Shape& shape : shapes) {
    std::vector<double> y;
    for (const double t : times) y.push_back(shape.course(t / times.back()) + noise(random));
    const auto found = book.Compare(y, 1e-9, kAnyRise);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bic_going_on + 3 < found->bic_flat, shape.goes_on)
        << shape.name << " taken for " << ToString(found->best.course);
  }
}

TEST(CourseBook, TakesTheLoadOutOfTheTrend) {
  const std::vector<double> times = Times(64);
  std::vector<double> load;
  std::vector<double> y;
  std::mt19937_64 random(5);
  std::normal_distribution<double> noise(0, 1);
  for (std::size_t i = 0; i < times.size(); ++i) {
    load.push_back(1 + 0.6 * std::sin(static_cast<double>(i) / 64 * 3));  // half a day
    y.push_back(100 * load.back() + noise(random));
  }
  const auto shape = CourseBook(times, 1, load, {}).Compare(y, 1e-9, kAnyRise);
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->swing, Swing::kWithLoad);
  EXPECT_EQ(shape->best.course, Course::kConstant);
  for (std::size_t i = 0; i < times.size(); ++i)
    EXPECT_NEAR(shape->swing_bytes[i], 100 * (load[i] - 1), 5);
}

// Two days that swing by 100 and grow by 40, the load being unknown.
TEST(CourseBook, TakesTheHourOfTheDayOutOfTheTrend) {
  std::vector<double> times;
  std::vector<double> y;
  std::mt19937_64 random(5);
  std::normal_distribution<double> noise(0, 1);
  for (int i = 0; i < 64; ++i) {
    times.push_back(i * 2.1 * 86'400 / 63);
    y.push_back(100 * std::sin(2 * std::numbers::pi * (times.back() / 86'400 - 0.3)) +
                40 * i / 63.0 + noise(random));
  }
  const auto shape = CourseBook(times, 1, {}, {}).Compare(y, 1e-9, kAnyRise);
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->swing, Swing::kWithHourOfDay);
  EXPECT_EQ(shape->best.course, Course::kLine);
  EXPECT_NEAR(shape->best.end_slope * times.back(), 40, 2);
  // In less than two days nobody can tell.
  const std::size_t half = times.size() / 2;
  const auto first_day = CourseBook(std::span(times).first(half), 1, {}, {})
                             .Compare(std::span(y).first(half), 1e-9, kAnyRise);
  ASSERT_TRUE(first_day);
  EXPECT_EQ(first_day->swing, Swing::kNone);
}

TEST(CourseBook, KeepsQuietOnWhatRisesByLessThanCounts) {
  const std::vector<double> times = Times(64);
  std::vector<double> late;
  for (const double t : times) late.push_back(200 * std::max(0.0, t / times.back() - 0.7));
  const CourseBook book(times, 1, {}, {});
  EXPECT_TRUE(book.Compare(late, 1e-9, 59));
  EXPECT_FALSE(book.Compare(late, 1e-9, 61));
}

TEST(CourseBook, KeepsQuietOnTooFewBins) {
  EXPECT_FALSE(
      CourseBook(Times(5), 1, {}, {}).Compare(std::vector<double>{1, 2, 3, 4, 5}, 1, kAnyRise));
}

}  // namespace
}  // namespace heapwatch
