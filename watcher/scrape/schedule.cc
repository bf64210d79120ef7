#include "watcher/scrape/schedule.h"

#include <xxhash.h>

#include <string>

namespace heapwatch {

Duration ScrapeOffset(const Labels& target, Duration interval) {
  const std::string text = ToString(target);
  return Duration(static_cast<std::int64_t>(XXH3_64bits(text.data(), text.size()) %
                                            static_cast<std::uint64_t>(interval.count())));
}

Time NextScrape(Time now, std::optional<Time> last, Duration interval, Duration offset) {
  Time after = now;
  if (last && *last > now && *last - now < interval) after = *last;
  const std::int64_t since = (after.time_since_epoch() - offset).count();
  const std::int64_t step = interval.count();
  const std::int64_t periods = since >= 0 ? since / step : -((-since + step - 1) / step);
  return Time(offset + interval * (periods + 1));
}

}  // namespace heapwatch
