#include "watcher/cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace heapwatch {
namespace {

constexpr std::size_t kGap = 2;

bool BeginsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

std::size_t WidthOf(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

std::string WithoutControls(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

std::string Cut(const std::string& text, std::size_t width) {
  if (WidthOf(text) <= width) return text;
  std::string out;
  std::size_t taken = 0;
  for (const char c : text) {
    if (BeginsCharacter(c) && ++taken >= width) break;
    out += c;
  }
  return out + "…";
}

const char* CodeOf(Colour colour) {
  switch (colour) {
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kNone:
      break;
  }
  return "";
}

}  // namespace

Display StandardOutput() {
  Display display;
  if (isatty(STDOUT_FILENO) != 1) return display;
  const char* no_colour = std::getenv("NO_COLOR");  // NOLINT: no other thread sets it
  display.has_colours = no_colour == nullptr || *no_colour == '\0';
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) display.width = size.ws_col;
  return display;
}

std::string Paint(const Cell& cell, const Display& display) {
  const std::string text = WithoutControls(cell.text);
  if (!display.has_colours || cell.colour == Colour::kNone) return text;
  return CodeOf(cell.colour) + text + "\x1b[0m";
}

std::string RenderTable(std::span<const Column> columns, const std::vector<std::vector<Cell>>& rows,
                        const Display& display) {
  std::vector<std::vector<Cell>> all(1);
  for (const Column& column : columns) all[0].push_back({column.title, Colour::kBold});
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(columns.size());
  for (const auto& row : all)
    for (std::size_t i = 0; i < columns.size(); ++i)
      widths[i] = std::max(widths[i], WidthOf(row[i].text));
  std::string out;
  for (const auto& row : all) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool is_last = i + 1 == columns.size();
      Cell cell = row[i];
      if (is_last && display.width > used + kGap) cell.text = Cut(cell.text, display.width - used);
      const std::string padding(widths[i] - std::min(widths[i], WidthOf(cell.text)), ' ');
      if (columns[i].is_number) out += padding;
      out += Paint(cell, display);
      if (!columns[i].is_number && !is_last) out += padding;
      if (!is_last) out += std::string(kGap, ' ');
      used += widths[i] + kGap;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

std::string Sparkline(std::span<const double> values, std::size_t width) {
  constexpr std::array<const char*, 8> kSteps = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  width = std::min(width, values.size());
  if (width == 0) return "";
  const double most = *std::max_element(values.begin(), values.end());
  std::string out;
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t begin = i * values.size() / width;
    const std::size_t end = (i + 1) * values.size() / width;
    double sum = 0;
    for (std::size_t at = begin; at < end; ++at) sum += values[at];
    const double share = most > 0 ? sum / static_cast<double>(end - begin) / most : 0;
    const double step = std::clamp(std::round(share * (kSteps.size() - 1)), 0.0,
                                   static_cast<double>(kSteps.size() - 1));
    out += kSteps[static_cast<std::size_t>(step)];
  }
  return out;
}

}  // namespace heapwatch
