// Tables for people: columns set under each other, colours on a terminal and plain text elsewhere
// (or where NO_COLOR is set). What a service told is printed without control characters.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace heapwatch {

enum class Colour { kNone, kRed, kYellow, kGreen, kDim, kBold };

struct Cell {
  std::string text;
  Colour colour = Colour::kNone;
};

struct Column {
  std::string title;
  bool is_number = false;  // set to the right
};

// How the standard output shows things.
struct Display {
  bool has_colours = false;
  std::size_t width = 0;  // 0: as wide as needed
};
Display StandardOutput();

// One line for each row. Where it would be too wide the last column is cut.
std::string RenderTable(std::span<const Column> columns, const std::vector<std::vector<Cell>>& rows,
                        const Display& display);

std::string Paint(const Cell& cell, const Display& display);

// The course of `values` from zero on in eight steps, each character the mean of its share.
//   Sparkline({0, 10, 20, 30}, 4) -> "▁▃▆█"
std::string Sparkline(std::span<const double> values, std::size_t width);

}  // namespace heapwatch
