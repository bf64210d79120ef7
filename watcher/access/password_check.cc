#include "watcher/access/password_check.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "watcher/net/run_on.h"

namespace heapwatch {
namespace {

// More than have a password; should it ever be reached, everybody is checked once more.
constexpr std::size_t kMostRemembered = 4096;

std::array<unsigned char, 32> RandomKey() {
  std::array<unsigned char, 32> key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    throw std::runtime_error("OpenSSL has no random numbers");
  return key;
}

bool Fits(const std::string& password, const std::string& hash) {
  const auto data = std::make_unique<crypt_data>();
  const char* made = crypt_r(password.c_str(), hash.c_str(), data.get());
  return made != nullptr && hash.size() == std::char_traits<char>::length(made) &&
         CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
}

}  // namespace

PasswordCheck::PasswordCheck() : key_(RandomKey()) {
  // Linux keeps a priority for each thread.
  boost::asio::post(thread_, [] { setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19); });
}

PasswordCheck::~PasswordCheck() {
  thread_.stop();
  thread_.join();
}

PasswordCheck::Digest PasswordCheck::DigestOf(const std::string& password,
                                              const std::string& hash) const {
  // A hash is always of the same length, so the two cannot run into each other.
  const std::string text = hash + password;
  Digest digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return digest;
}

bool PasswordCheck::Knows(const Digest& digest) const {
  const std::scoped_lock lock(mutex_);
  return right_.contains(digest);
}

boost::asio::awaitable<PasswordCheck::Outcome> PasswordCheck::Check(std::string password,
                                                                    std::string hash,
                                                                    std::string peer) {
  // bcrypt ends at a zero byte: what follows one would not be checked.
  if (password.find('\0') != std::string::npos) co_return Outcome::kWrong;
  const Digest digest = DigestOf(password, hash);
  if (Knows(digest)) co_return Outcome::kRight;
  {
    const std::scoped_lock lock(mutex_);
    if (all_waiting_ >= kMostWaiting || waiting_[peer] >= kMostWaitingOfPeer)
      co_return Outcome::kBusy;
    ++all_waiting_;
    ++waiting_[peer];
  }
  const bool is_right =
      co_await RunOn(thread_.get_executor(), [&] { return Compute(password, hash, digest); });
  const std::scoped_lock lock(mutex_);
  --all_waiting_;
  if (--waiting_[peer] == 0) waiting_.erase(peer);
  co_return is_right ? Outcome::kRight : Outcome::kWrong;
}

bool PasswordCheck::Compute(const std::string& password, const std::string& hash,
                            const Digest& digest) {
  if (Knows(digest)) return true;  // somebody before us in the queue brought the same
  const auto began = std::chrono::steady_clock::now();
  const bool is_right = Fits(password, hash);
  ++checks_;
  if (is_right) {
    const std::scoped_lock lock(mutex_);
    if (right_.size() >= kMostRemembered) right_.clear();
    right_.insert(digest);
  } else {
    // The answer need not wait for the rest, only the next check.
    const auto rest = std::chrono::steady_clock::now() - began;
    boost::asio::post(thread_, [rest] { std::this_thread::sleep_for(rest); });
  }
  return is_right;
}

}  // namespace heapwatch
